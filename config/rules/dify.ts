import { difyVersion, difyVersions, difyVersionNames, type DifyVersion } from "../../components/dify/versions.ts";
import { rule, type Problem } from "../rules.ts";

/** Variables that this program gives: names, or their beginnings. */
const ownVariables =
  /^(AGENT_BACKEND_|APP_API_URL$|APP_MAX_EXECUTION_TIME$|APP_WEB_URL$|AWS_CA_BUNDLE$|BROKER_PORTS$|CELERY_|CODE_EXECUTION_(ENDPOINT|API_KEY)$|CONSOLE_(API|WEB)_URL$|DB_|DEPLOY_ENV$|ENABLE_COLLABORATION_MODE$|ENDPOINT_URL_TEMPLATE$|EVENT_BUS_|FILES_URL$|GUNICORN_|INNER_API_KEY_FOR_PLUGIN$|INTERNAL_FILES_URL$|LOG_(FILE|LEVEL|OUTPUT_FORMAT)$|MIGRATION_ENABLED$|MILVUS_|MODE$|PGVECTOR_|PLUGIN_DAEMON_|QDRANT_|REDIS_|S3_|SECRET_KEY$|SERVER_WORKER_|SERVICE_API_URL$|SQLALCHEMY_|SSRF_PROXY_|STORAGE_TYPE$|TRIGGER_URL$|VECTOR_|WEAVIATE_|WORKFLOW_MAX_EXECUTION_TIME$)/;

/** True for a variable that this program gives itself. */
export function isOwnVariable(name: string): boolean {
  return ownVariables.test(name);
}

const soundsSecret = /(PASSWORD|SECRET|TOKEN|API_KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS|DSN)$/;

const versionsWhere = (has: (version: DifyVersion) => boolean) =>
  difyVersionNames.filter((name) => has(difyVersions[name])).join(", ");

/** Checks on Dify: what its version can do, and what its parts must agree on. */
export const difyRules = [
  rule("websockets are shared only where the version can", ["dify"], ({ dify }): Problem[] =>
    dify.websocket.enabled && dify.websocket.replicas > 1 && difyVersion(dify.version).websocket === "single"
      ? [
          {
            path: "dify.websocket.replicas",
            problem: `Dify ${dify.version} keeps the clients of a canvas in the memory of one process`,
            remedy: `give 1, or a version of ${versionsWhere((v) => v.websocket === "several")}`,
          },
        ]
      : [],
  ),
  rule("plugin daemons are several only where they share", ["dify"], ({ dify }): Problem[] =>
    (dify.pluginDaemon.replicas ?? 1) > 1 && !difyVersion(dify.version).pluginDaemon.replicated
      ? [
          {
            path: "dify.pluginDaemon.replicas",
            problem: `the plugin daemon of Dify ${dify.version} does not share its plugins with others`,
            remedy: `give 1, or a version of ${versionsWhere((v) => v.pluginDaemon.replicated)}`,
          },
        ]
      : [],
  ),
  rule("agents exist in the version", ["dify"], ({ dify }): Problem[] =>
    dify.agent.enabled && !difyVersion(dify.version).agent
      ? [
          {
            path: "dify.agent.enabled",
            problem: `Dify ${dify.version} has no agent back end`,
            remedy: `leave it off, or give a version of ${versionsWhere((v) => v.agent !== undefined)}`,
          },
        ]
      : [],
  ),
  rule("further variables are ours neither to lose nor to hide", ["dify"], ({ dify }): Problem[] =>
    Object.keys(dify.extraEnvironment).flatMap((name) => {
      const path = `dify.extraEnvironment.${name}`;
      if (isOwnVariable(name))
        return [
          {
            path,
            problem: "is given by this program",
            remedy: "use the setting that it comes from, see docs/settings.md",
          },
        ];
      if (soundsSecret.test(name))
        return [
          {
            path,
            problem: "sounds like a secret and would stand in plain text",
            remedy: "put it into the Secret of dify.extraSecret",
          },
        ];
      return [];
    }),
  ),
  rule("TLS ends in one place", ["dify"], ({ dify: { gateway } }): Problem[] =>
    gateway.exposure.kind === "ingress" && gateway.tls.endedBy === "gateway"
      ? [
          {
            path: "dify.gateway.tls.endedBy",
            problem: "an Ingress speaks to the gateway in clear",
            remedy: 'give "loadBalancer" and the certificate to dify.gateway.exposure.tlsSecret',
          },
        ]
      : [],
  ),
];

import { readFileSync } from "node:fs";
import type * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import { secretsOf, type NoticeSecret } from "../../config/noticeSecrets.ts";
import { robotsOf, type NoticesSettings } from "../../config/notices.ts";
import { namespaceNames } from "../network/namespaces.ts";
import { configurationFiles, secretFiles, secretMode } from "../workload/configuration.ts";
import { serviceHost } from "../workload/service.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import { forwarderConfig } from "./alertmanager/config.ts";

export interface ForwarderArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: NoticesSettings;
  readonly credentials: { notice(name: NoticeSecret): pulumi.Output<string> };
}

/** Name of the forwarder's workload. */
export const forwarderName = "notice-forwarder";

/** Port on which the forwarder listens. */
export const forwarderPort = 8080;

/** Where Alertmanager finds it. */
export const forwarderUrl = (cluster: Pick<ClusterSettings, "prefix">): string =>
  `http://${serviceHost(forwarderName, namespaceNames(cluster).data)}:${forwarderPort}`;

const folders = { config: "/config", secrets: "/secrets" } as const;

/** Account that owns nothing. */
const user = 65532;

/** What brings notices into the form of robots, whose secrets are its alone. */
export function forwarder(args: ForwarderArgs, child: pulumi.ComponentResourceOptions): StatelessWorkload {
  const { cluster, namespace, settings, credentials } = args;
  const secretNames = [...new Set(robotsOf(settings).flatMap(secretsOf))];
  const { image, resources } = settings.forwarder;
  const files = { namespace, workload: forwarderName };
  const script = readFileSync(new URL("../../scripts/notices/forward.py", import.meta.url), "utf8");
  const config = configurationFiles(
    forwarderName,
    { ...files, files: { "forward.py": script, "robots.json": forwarderConfig(settings) } },
    child,
  );
  const secrets = secretFiles(
    forwarderName,
    { ...files, files: Object.fromEntries(secretNames.map((name) => [name, credentials.notice(name)])) },
    child,
  );
  const health = { httpGet: { path: "/healthz", port: forwarderPort }, timeoutSeconds: 3 };
  return new StatelessWorkload(
    forwarderName,
    {
      cluster,
      namespace,
      replicas: 2,
      ports: { http: forwarderPort },
      runAs: { user, group: user },
      containers: [
        {
          name: "forwarder",
          image,
          resources,
          command: ["python3", "-B", `${folders.config}/forward.py`],
          env: { ROBOTS: `${folders.config}/robots.json`, SECRETS: folders.secrets, PORT: `${forwarderPort}` },
          ports: [{ name: "http", containerPort: forwarderPort }],
          mounts: {
            [folders.config]: { volume: "config", readOnly: true },
            [folders.secrets]: { volume: "secrets", readOnly: true },
          },
          // It keeps serving until nobody sends to it any more.
          lifecycle: { preStop: { sleep: { seconds: 5 } } },
          startupProbe: { ...health, periodSeconds: 1, failureThreshold: 30 },
          livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 3 },
          readinessProbe: { ...health, periodSeconds: 5, failureThreshold: 2 },
        },
      ],
      volumes: [
        { name: "config", configMap: { name: config.metadata.name } },
        { name: "secrets", secret: { secretName: secrets.metadata.name, defaultMode: secretMode } },
      ],
      reads: [config, secrets],
    },
    child,
  );
}

import * as pulumi from "@pulumi/pulumi";
import { Dify } from "../../../components/dify/dify.ts";
import type { DifyConnections } from "../../../components/dify/environment/dify.ts";
import type { DifyKeys } from "../../../components/dify/environment/keys.ts";
import { clusterSettings } from "../../../config/cluster.ts";
import { difySettings, type DifySettings } from "../../../config/dify.ts";
import { declare, type Declared } from "../../support/mocks.ts";

export const cluster = clusterSettings.parse(undefined);

export function settings(given: Parameters<typeof difySettings.parse>[0] = {}): DifySettings {
  return difySettings.parse(given);
}

const secret = (value: string) => pulumi.secret(pulumi.output(value));

/** Connections and keys, each secret recognizable. Made inside of `declare`, as Outputs belong to its run. */
export function sampleConnections(): DifyConnections {
  return {
    postgres: {
      host: pulumi.output("pgbouncer.dify-data.svc.cluster.local"),
      port: 6432,
      dify: { database: "dify", user: "dify", password: secret("pw-dify-database") },
      plugin: { database: "dify_plugin", user: "dify_plugin", password: secret("pw-plugin-database") },
      caCertificate: pulumi.output("authority of the stack"),
      pooled: true,
      ready: [],
    },
    redis: {
      host: pulumi.output("redis-haproxy.dify-data.svc.cluster.local"),
      port: 6379,
      tls: false,
      password: secret("pw-redis"),
      ready: [],
    },
    objectStore: {
      endpoint: pulumi.output("https://minio.dify-data.svc.cluster.local:9000"),
      region: "us-east-1",
      addressing: "path",
      caCertificate: pulumi.output("authority of the stack"),
      dify: { bucket: "dify", accessKey: secret("ak-dify"), secretKey: secret("sk-dify") },
      plugins: { bucket: "plugins", accessKey: secret("ak-plugins"), secretKey: secret("sk-plugins") },
      backups: { bucket: "backups", accessKey: secret("ak-backups"), secretKey: secret("sk-backups") },
      catalogue: { bucket: "catalogue", accessKey: secret("ak-catalogue"), secretKey: secret("sk-catalogue") },
      ready: [],
    },
    vectorStore: {
      environment: { VECTOR_STORE: "pgvector", PGVECTOR_HOST: "pgbouncer.dify-data.svc.cluster.local" },
      secrets: { PGVECTOR_PASSWORD: secret("pw-dify-database") },
      ready: [],
    },
  };
}

export function sampleKeys(): DifyKeys {
  return {
    secretKey: secret("key-secret-key"),
    pluginDaemon: secret("key-plugin-daemon"),
    pluginInner: secret("key-plugin-inner"),
    sandbox: secret("key-sandbox"),
    agent: {
      backend: secret("key-agent-backend"),
      sandbox: secret("key-agent-sandbox"),
      server: secret(Buffer.alloc(32, 251).toString("base64")),
    },
  };
}

/** All of Dify under the given settings. */
export function declareDify(
  given: DifySettings,
  change: (connections: DifyConnections) => DifyConnections = (c) => c,
): Promise<Declared[]> {
  return declare(
    () =>
      new Dify("dify", {
        cluster,
        namespaces: { app: "dify", sandbox: "dify-sandbox" },
        settings: given,
        host: "dify.example.com",
        connections: change(sampleConnections()),
        keys: sampleKeys(),
      }),
  );
}

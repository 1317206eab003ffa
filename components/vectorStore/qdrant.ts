import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { QdrantSettings } from "../../config/vectorStore.ts";
import { namespaceNames } from "../network/namespaces.ts";
import { workloadLabels } from "../workload/labels.ts";
import { serviceHost } from "../workload/service.ts";
import { StatefulWorkload } from "../workload/stateful.ts";
import type { VectorStoreBackupAccess, VectorStoreConnection } from "./connection.ts";

export interface QdrantArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: QdrantSettings;
  readonly apiKey: pulumi.Input<string>;
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
}

/** Copies of each vector: enough to lose one member, as far as there are members. */
export function replicationFactor(members: number): number {
  return Math.min(2, members);
}

/** Qdrant as a cluster of members; Dify asks it for the copies of each collection. */
export class Qdrant extends pulumi.ComponentResource {
  readonly connection: VectorStoreConnection;
  readonly backup: VectorStoreBackupAccess;

  constructor(name: string, args: QdrantArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:vectorStore:Qdrant", name, args, opts);
    const metadata = (suffix: string) => ({
      name: `${name}-${suffix}`,
      namespace: args.namespace,
      labels: { ...workloadLabels(name) },
    });
    const start = readFileSync(new URL("../../scripts/vector-store/qdrant.sh", import.meta.url), "utf8");
    const scripts = new k8s.core.v1.ConfigMap(
      `${name}-scripts`,
      { metadata: metadata("scripts"), data: { "start.sh": start } },
      { parent: this },
    );
    const secret = new k8s.core.v1.Secret(
      `${name}-credentials`,
      { metadata: metadata("credentials"), stringData: { apiKey: args.apiKey } },
      { parent: this },
    );
    const workload = this.members(name, args, scripts, secret);
    const host = serviceHost(name, namespaceNames(args.cluster).data);
    this.connection = {
      environment: {
        VECTOR_STORE: "qdrant",
        QDRANT_URL: `http://${host}:6333`,
        QDRANT_GRPC_ENABLED: "false",
        QDRANT_CLIENT_TIMEOUT: "20",
        QDRANT_REPLICATION_FACTOR: `${replicationFactor(args.settings.members)}`,
      },
      secrets: { QDRANT_API_KEY: pulumi.secret(args.apiKey) },
      ready: [workload],
    };
    const members = Array.from({ length: args.settings.members }, (_, i) => `http://${name}-${i}.${host}:6333`);
    this.backup = { members, secret, ready: [workload] };
    this.registerOutputs({ host });
  }

  private members(
    name: string,
    args: QdrantArgs,
    scripts: k8s.core.v1.ConfigMap,
    secret: k8s.core.v1.Secret,
  ): StatefulWorkload {
    const { members, storage, resources, image } = args.settings;
    const probe = (path: string) => ({ httpGet: { path, port: 6333 }, timeoutSeconds: 5 });
    return new StatefulWorkload(
      name,
      {
        cluster: args.cluster,
        namespace: args.namespace,
        replicas: members,
        backup: "vector-backup",
        ports: { http: 6333, grpc: 6334, peers: 6335 },
        claims: { data: storage },
        // The unprivileged image's user.
        runAs: { user: 1000, group: 1000 },
        reads: [scripts, secret],
        graceSeconds: 60,
        volumes: [{ name: "scripts", configMap: { name: scripts.metadata.name, defaultMode: 0o555 } }],
        ...(args.after && { after: args.after }),
        containers: [
          {
            name: "qdrant",
            image,
            resources,
            command: ["/scripts/start.sh"],
            workingDir: "/qdrant",
            env: {
              POD: { field: "metadata.name" },
              SERVICE: serviceHost(name, namespaceNames(args.cluster).data),
              QDRANT__CLUSTER__ENABLED: "true",
              QDRANT__SERVICE__API_KEY: { secret: secret.metadata.name, key: "apiKey" },
              QDRANT__STORAGE__STORAGE_PATH: "/qdrant/storage/data",
              QDRANT__STORAGE__SNAPSHOTS_PATH: "/qdrant/storage/snapshots",
              QDRANT__TELEMETRY_DISABLED: "true",
            },
            mounts: { "/qdrant/storage": { volume: "data" }, "/scripts": { volume: "scripts", readOnly: true } },
            writable: ["/tmp"],
            ports: [{ name: "http", containerPort: 6333 }],
            startupProbe: { ...probe("/readyz"), periodSeconds: 5, failureThreshold: 60 },
            readinessProbe: { ...probe("/readyz"), periodSeconds: 5 },
            livenessProbe: { ...probe("/livez"), periodSeconds: 20, failureThreshold: 5 },
          },
        ],
      },
      { parent: this },
    );
  }
}

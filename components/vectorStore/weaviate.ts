import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { WeaviateSettings } from "../../config/vectorStore.ts";
import { namespaceNames } from "../network/namespaces.ts";
import { workloadLabels } from "../workload/labels.ts";
import { serviceHost } from "../workload/service.ts";
import { StatefulWorkload } from "../workload/stateful.ts";
import type { VectorStoreConnection } from "./connection.ts";

/** Ports between members: gossip (TCP and UDP), data, consensus and its calls. */
export const weaviatePeerPorts = { gossip: 7102, data: 7103, raft: 8300, "raft-rpc": 8301 } as const;

export interface WeaviateArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: WeaviateSettings;
  readonly apiKey: pulumi.Input<string>;
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
}

/** Weaviate on its own members; every collection has a copy on each, since Dify asks for no replication itself. */
export class Weaviate extends pulumi.ComponentResource {
  readonly connection: VectorStoreConnection;

  constructor(name: string, args: WeaviateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:vectorStore:Weaviate", name, args, opts);
    const secret = this.credentials(name, args);
    const workload = this.members(name, args, secret);
    const host = serviceHost(name, namespaceNames(args.cluster).data);
    this.connection = {
      environment: {
        VECTOR_STORE: "weaviate",
        WEAVIATE_ENDPOINT: `http://${host}:8080`,
        WEAVIATE_GRPC_ENDPOINT: `grpc://${host}:50051`,
      },
      secrets: { WEAVIATE_API_KEY: pulumi.secret(args.apiKey) },
      ready: [workload],
    };
    this.registerOutputs({ host });
  }

  private credentials(name: string, args: WeaviateArgs): k8s.core.v1.Secret {
    return new k8s.core.v1.Secret(
      `${name}-credentials`,
      {
        metadata: { name: `${name}-credentials`, namespace: args.namespace, labels: { ...workloadLabels(name) } },
        stringData: { apiKey: args.apiKey },
      },
      { parent: this },
    );
  }

  private members(name: string, args: WeaviateArgs, secret: k8s.core.v1.Secret): StatefulWorkload {
    const { members, storage, resources, image } = args.settings;
    const names = Array.from({ length: members }, (_, i) => `${name}-${i}`);
    const probe = (path: string) => ({ httpGet: { path: `/v1/.well-known/${path}`, port: 8080 }, timeoutSeconds: 5 });
    return new StatefulWorkload(
      name,
      {
        cluster: args.cluster,
        namespace: args.namespace,
        replicas: members,
        backup: "vector-backup",
        ports: { http: 8080, grpc: 50051, ...weaviatePeerPorts },
        claims: { data: storage },
        runAs: { user: 1000, group: 1000 },
        reads: [secret],
        graceSeconds: 60,
        ...(args.after && { after: args.after }),
        containers: [
          {
            name: "weaviate",
            image,
            resources,
            args: ["--host", "0.0.0.0", "--port", "8080", "--scheme", "http"],
            env: {
              PERSISTENCE_DATA_PATH: "/var/lib/weaviate",
              DEFAULT_VECTORIZER_MODULE: "none",
              DISABLE_TELEMETRY: "true",
              AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: "false",
              AUTHENTICATION_APIKEY_ENABLED: "true",
              AUTHENTICATION_APIKEY_ALLOWED_KEYS: { secret: secret.metadata.name, key: "apiKey" },
              AUTHENTICATION_APIKEY_USERS: "dify",
              AUTHORIZATION_ADMINLIST_ENABLED: "true",
              AUTHORIZATION_ADMINLIST_USERS: "dify",
              CLUSTER_JOIN: serviceHost(name, namespaceNames(args.cluster).data),
              CLUSTER_GOSSIP_BIND_PORT: `${weaviatePeerPorts.gossip}`,
              CLUSTER_DATA_BIND_PORT: `${weaviatePeerPorts.data}`,
              RAFT_JOIN: names.join(","),
              RAFT_BOOTSTRAP_EXPECT: `${members}`,
              REPLICATION_MINIMUM_FACTOR: `${members}`,
            },
            mounts: { "/var/lib/weaviate": { volume: "data" } },
            writable: ["/tmp"],
            ports: [{ name: "http", containerPort: 8080 }],
            startupProbe: { ...probe("ready"), periodSeconds: 5, failureThreshold: 60 },
            readinessProbe: { ...probe("ready"), periodSeconds: 5 },
            livenessProbe: { ...probe("live"), periodSeconds: 20, failureThreshold: 5 },
          },
        ],
      },
      { parent: this },
    );
  }
}

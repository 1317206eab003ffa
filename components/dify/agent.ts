import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { DifySettings } from "../../config/dify.ts";
import type { RedisConnection } from "../redis/connection.ts";
import { StatefulWorkload } from "../workload/stateful.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import { difyAddresses, difyPorts } from "./addresses.ts";
import { difyUser } from "./backend.ts";
import { storeEnvironment } from "./configuration.ts";
import { agentEnvironment, agentSandboxEnvironment, type AgentEnvironmentArgs } from "./environment/agent.ts";
import { difyImages } from "./images.ts";
import { agentBackendProbes, agentSandboxProbes } from "./probes.ts";
import { drainFirst, runTermination } from "./termination.ts";
import type { AgentVersion } from "./versions.ts";

export interface AgentBackendArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: DifySettings;
  readonly version: AgentVersion;
  readonly redis: RedisConnection;
  readonly keys: AgentEnvironmentArgs["keys"];
  /** What must be there before the first pod starts. */
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
}

/** Runs agents, from Dify 1.16 on. Told to end, it finishes its runs. */
export class AgentBackend extends pulumi.ComponentResource {
  constructor(name: string, args: AgentBackendArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:AgentBackend", name, {}, opts);
    const { cluster, namespace, settings, after = [] } = args;
    const termination = runTermination(settings);
    const environment = storeEnvironment(
      "agent-backend",
      {
        namespace,
        environment: agentEnvironment({
          ...args,
          addresses: difyAddresses(cluster),
          finishSeconds: termination.finish,
        }),
      },
      { parent: this },
    );
    const [plain, secret] = environment;
    new StatelessWorkload(
      "agent-backend",
      {
        cluster,
        namespace,
        nodes: settings.nodes,
        replicas: settings.agent.replicas,
        ports: { http: difyPorts.agentBackend },
        runAs: difyUser,
        containers: [
          {
            name: "agent-backend",
            image: difyImages(settings).agentBackend,
            resources: settings.agent.resources,
            envFrom: [{ configMapRef: { name: plain.metadata.name } }, { secretRef: { name: secret.metadata.name } }],
            ports: [{ name: "http", containerPort: difyPorts.agentBackend }],
            writable: ["/tmp", "/app/api/storage"],
            lifecycle: drainFirst(termination),
            ...agentBackendProbes,
          },
        ],
        reads: environment,
        graceSeconds: termination.grace,
        after,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

export interface AgentSandboxArgs {
  readonly cluster: ClusterSettings;
  /** That of the other sandbox: it runs what agents make up. */
  readonly namespace: pulumi.Input<string>;
  readonly settings: DifySettings;
  readonly keys: AgentEnvironmentArgs["keys"];
}

/** The shell of all agents. There is one: homes and workspaces are on its volume, which one pod can have at a time. */
export class AgentSandbox extends pulumi.ComponentResource {
  constructor(name: string, args: AgentSandboxArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:AgentSandbox", name, {}, opts);
    const { cluster, namespace, settings, keys } = args;
    const { resources, storage, user } = settings.agent.sandbox;
    const environment = storeEnvironment(
      "agent-sandbox",
      { namespace, environment: agentSandboxEnvironment({ addresses: difyAddresses(cluster), keys }) },
      { parent: this },
    );
    const [plain, secret] = environment;
    new StatefulWorkload(
      "agent-sandbox",
      {
        cluster,
        namespace,
        nodes: settings.nodes,
        replicas: 1,
        ports: { http: difyPorts.agentSandbox },
        claims: { homes: storage },
        backup: "volume-copy",
        priority: "service",
        runAs: { user, group: user },
        containers: [
          {
            name: "agent-sandbox",
            image: difyImages(settings).agentSandbox,
            resources,
            envFrom: [{ configMapRef: { name: plain.metadata.name } }, { secretRef: { name: secret.metadata.name } }],
            ports: [{ name: "http", containerPort: difyPorts.agentSandbox }],
            mounts: {
              "/home/dify": { volume: "homes", subPath: "home" },
              "/workspace": { volume: "homes", subPath: "workspace" },
            },
            writable: ["/tmp", "/mnt/drive"],
            ...agentSandboxProbes,
          },
        ],
        reads: environment,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { DifySettings } from "../../config/dify.ts";
import { AgentBackend, AgentSandbox } from "./agent.ts";
import { Api } from "./api.ts";
import type { BackendArgs } from "./backend.ts";
import { DifyConfiguration } from "./configuration.ts";
import { websocketReplicas } from "./databaseClients.ts";
import type { DifyConnections } from "./environment/dify.ts";
import type { DifyKeys } from "./environment/keys.ts";
import { publicUrl } from "./environment/urls.ts";
import { Gateway } from "./gateway.ts";
import { Migration } from "./migration.ts";
import { PluginDaemon } from "./pluginDaemon.ts";
import { Sandbox } from "./sandbox.ts";
import { SsrfProxy } from "./ssrfProxy.ts";
import { difyVersion } from "./versions.ts";
import { Web } from "./web.ts";
import { Websocket } from "./websocket.ts";
import { Beat, Worker } from "./worker.ts";

export interface DifyArgs {
  readonly cluster: ClusterSettings;
  /** Where Dify's services run, and where the code of users does. */
  readonly namespaces: { readonly app: pulumi.Input<string>; readonly sandbox: pulumi.Input<string> };
  readonly settings: DifySettings;
  /**
   * Name under which users reach Dify.
   * @example "dify.example.com"
   */
  readonly host: string;
  readonly connections: DifyConnections;
  readonly keys: DifyKeys;
}

/** Dify with all its services, of any version in versions.ts. A release is rolled out once its schema is there. */
export class Dify extends pulumi.ComponentResource {
  /** Where users reach it. */
  readonly url: string;
  /** Name of the Job that brought the schema up to date. */
  readonly migrationJob: pulumi.Output<string>;

  constructor(name: string, args: DifyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:Dify", name, { settings: args.settings, host: args.host }, opts);
    const { cluster, settings, host, connections, keys } = args;
    const { app } = args.namespaces;
    const child = { parent: this };

    const configuration = new DifyConfiguration(name, { ...args, namespace: app }, child);
    const migration = new Migration(
      name,
      { cluster, namespace: app, settings, configuration, after: this.servers(connections) },
      child,
    );
    this.backend({
      cluster,
      namespace: app,
      settings,
      redis: connections.redis,
      configuration,
      after: [migration.job],
    });
    new PluginDaemon(
      name,
      {
        ...{ cluster, namespace: app, settings, connections, keys },
        authorities: configuration.authorities,
        after: [migration.job],
      },
      child,
    );
    this.code(args);
    if (settings.agent.enabled) this.agents(args, migration);
    new Web(name, { cluster, namespace: app, settings, host }, child);
    new Gateway(name, { cluster, namespace: app, settings, host }, child);

    this.url = publicUrl(host, settings).http;
    this.migrationJob = migration.job.metadata.name;
    this.registerOutputs({ url: this.url, migrationJob: this.migrationJob });
  }

  private servers({ postgres, redis, objectStore, vectorStore }: DifyConnections): pulumi.Input<pulumi.Resource>[] {
    return [...postgres.ready, ...redis.ready, ...objectStore.ready, ...vectorStore.ready];
  }

  private backend(args: BackendArgs): void {
    const child = { parent: this };
    new Api("api", args, child);
    new Worker("worker", args, child);
    new Beat("beat", args, child);
    if (websocketReplicas(args.settings) > 0) new Websocket("websocket", args, child);
  }

  private code({ cluster, settings, keys, namespaces: { sandbox: namespace } }: DifyArgs): void {
    new SsrfProxy("ssrf-proxy", { cluster, namespace, settings }, { parent: this });
    new Sandbox("sandbox", { cluster, namespace, settings, key: keys.sandbox }, { parent: this });
  }

  private agents({ cluster, settings, keys, namespaces, connections }: DifyArgs, { job }: Migration): void {
    const version = difyVersion(settings.version).agent;
    if (!version || !keys.agent)
      throw new Error(
        `Agents are enabled, but ${version ? "their keys are missing" : `Dify ${settings.version} has none`}.`,
      );
    const withKeys = { ...keys, agent: keys.agent };
    new AgentSandbox(
      "agent-sandbox",
      { cluster, namespace: namespaces.sandbox, settings, keys: withKeys },
      { parent: this },
    );
    new AgentBackend(
      "agent-backend",
      { cluster, namespace: namespaces.app, settings, version, redis: connections.redis, keys: withKeys, after: [job] },
      { parent: this },
    );
  }
}

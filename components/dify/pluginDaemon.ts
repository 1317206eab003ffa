import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { DifySettings } from "../../config/dify.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import { difyAddresses, difyPorts } from "./addresses.ts";
import { storeEnvironment } from "./configuration.ts";
import { pluginDaemonReplicas } from "./databaseClients.ts";
import { authoritiesFolder } from "./environment/authorities.ts";
import { pluginEnvironment, pluginFolder, type PluginEnvironmentArgs } from "./environment/plugin.ts";
import { difyImages } from "./images.ts";
import { pluginDaemonProbes } from "./probes.ts";
import { readyPods } from "./readyPods.ts";
import { drainFirst, runTermination } from "./termination.ts";
import { difyVersion } from "./versions.ts";

export interface PluginDaemonArgs extends Pick<PluginEnvironmentArgs, "connections" | "keys"> {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: DifySettings;
  /** ConfigMap with the authorities of the servers that it calls. */
  readonly authorities: k8s.core.v1.ConfigMap;
  /** What must be there before the first pod starts. */
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
}

/**
 * Runs plugins. Plugins are in the object store, so that a pod needs no volume; each pod runs all of them, builds their
 * environments when it starts, and hands a call on to the pod that has the plugin's session: port 5002 between pods.
 */
export class PluginDaemon extends pulumi.ComponentResource {
  constructor(name: string, args: PluginDaemonArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:PluginDaemon", name, {}, opts);
    const { cluster, namespace, settings, after = [] } = args;
    const { replicated, init } = difyVersion(settings.version).pluginDaemon;
    const replicas = pluginDaemonReplicas(settings);
    const environment = storeEnvironment(
      "plugin-daemon",
      { namespace, environment: pluginEnvironment({ ...args, addresses: difyAddresses(cluster) }) },
      { parent: this },
    );
    const ports = { http: difyPorts.pluginDaemon, debug: difyPorts.pluginDebug };
    const { user } = settings.pluginDaemon;
    const termination = runTermination(settings);
    new StatelessWorkload(
      "plugin-daemon",
      {
        cluster,
        namespace,
        nodes: settings.nodes,
        replicas,
        ports,
        spread: replicas === 1 ? "none" : "zone",
        strategy: replicated ? "RollingUpdate" : "Recreate",
        runAs: { user, group: user },
        containers: [this.container(settings, environment, termination)],
        volumes: [
          { name: "authorities", configMap: { name: args.authorities.metadata.name } },
          { name: "plugins", emptyDir: { sizeLimit: settings.pluginDaemon.scratch } },
        ],
        reads: [...environment, args.authorities],
        // Makes the pod's own pause process the parent of all.
        ...(!init && { podSpec: { shareProcessNamespace: true } }),
        graceSeconds: termination.grace,
        after,
        timeoutSeconds: settings.pluginDaemon.startupSeconds * (replicas + 1),
      },
      { parent: this },
    );
    readyPods("plugin-daemon", { namespace, ports: { http: difyPorts.pluginDaemon } }, { parent: this });
    this.registerOutputs({});
  }

  private container(
    settings: DifySettings,
    [plain, secret]: ReturnType<typeof storeEnvironment>,
    termination: ReturnType<typeof runTermination>,
  ) {
    return {
      name: "plugin-daemon",
      image: difyImages(settings).pluginDaemon,
      resources: settings.pluginDaemon.resources,
      envFrom: [{ configMapRef: { name: plain.metadata.name } }, { secretRef: { name: secret.metadata.name } }],
      ports: [
        { name: "http", containerPort: difyPorts.pluginDaemon },
        { name: "debug", containerPort: difyPorts.pluginDebug },
      ],
      mounts: { [authoritiesFolder]: { volume: "authorities", readOnly: true }, [pluginFolder]: { volume: "plugins" } },
      writable: ["/tmp"],
      lifecycle: drainFirst(termination),
      ...pluginDaemonProbes(settings.pluginDaemon.startupSeconds),
    };
  }
}

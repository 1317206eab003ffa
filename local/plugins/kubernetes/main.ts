import { unsupported, type Plugin } from "../protocol/plugin.ts";
import { servePlugin } from "../protocol/serve.ts";
import { pluginVersion } from "../protocol/version.ts";
import { refuseUnsupported } from "./check.ts";
import { Client } from "./client.ts";
import { Cluster } from "./cluster.ts";
import { KubernetesResource } from "./resource.ts";
import { readSettings } from "./settings.ts";

/** Stands in for the vendor's Kubernetes plugin, for programs of typed resources and custom resources. */
function kubernetesPlugin(): Plugin {
  let resource: KubernetesResource | undefined;
  return {
    version: pluginVersion("kubernetes"),
    configure(config) {
      const settings = readSettings(config);
      const cluster = settings.kubeConfig && new Cluster(new Client(settings.kubeConfig));
      resource = new KubernetesResource(settings, cluster);
      return Promise.resolve();
    },
    resource(type) {
      refuseUnsupported(type);
      if (!resource) throw unsupported(`${type} without a configured provider`);
      return resource;
    },
  };
}

await servePlugin(kubernetesPlugin());

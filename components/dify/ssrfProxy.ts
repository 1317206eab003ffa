import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { DifySettings } from "../../config/dify.ts";
import { workloadLabels } from "../workload/labels.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import { difyAddresses, difyPorts } from "./addresses.ts";
import { difyImages } from "./images.ts";
import { ssrfProxyProbes } from "./probes.ts";
import { squidConfig } from "./squidConfig.ts";
import { drainFirst, shortTermination } from "./termination.ts";

export interface SsrfProxyArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: DifySettings;
}

const folder = "/etc/dify-ha/squid";

/** The proxy through which code and addresses of users reach the world, and nothing private. Started by our configuration only. */
export class SsrfProxy extends pulumi.ComponentResource {
  constructor(name: string, args: SsrfProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:SsrfProxy", name, {}, opts);
    const { cluster, namespace, settings } = args;
    const { replicas, resources, allowAddresses, allowDomains } = settings.ssrfProxy;
    const termination = shortTermination();
    const config = new k8s.core.v1.ConfigMap(
      "ssrf-proxy",
      {
        metadata: { name: "ssrf-proxy", namespace, labels: { ...workloadLabels("ssrf-proxy") } },
        data: {
          "squid.conf": squidConfig({
            port: difyPorts.ssrfProxy,
            allowAddresses,
            allowDomains,
            agent: settings.agent.enabled ? difyAddresses(cluster) : undefined,
          }),
        },
      },
      { parent: this },
    );
    new StatelessWorkload(
      "ssrf-proxy",
      {
        cluster,
        namespace,
        nodes: settings.nodes,
        replicas,
        ports: { proxy: difyPorts.ssrfProxy },
        // Debian's and Ubuntu's account "proxy".
        runAs: { user: 13, group: 13 },
        containers: [
          {
            name: "ssrf-proxy",
            image: difyImages(settings).ssrfProxy,
            resources,
            // In the foreground as one process; not the image's entrypoint, which writes to /etc.
            command: ["/usr/sbin/squid", "-N", "-f", `${folder}/squid.conf`],
            ports: [{ name: "proxy", containerPort: difyPorts.ssrfProxy }],
            mounts: { [folder]: { volume: "config", readOnly: true } },
            writable: ["/tmp", "/var/log/squid", "/var/spool/squid", "/run"],
            lifecycle: drainFirst(termination),
            ...ssrfProxyProbes,
          },
        ],
        volumes: [{ name: "config", configMap: { name: config.metadata.name } }],
        reads: [config],
        graceSeconds: termination.grace,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

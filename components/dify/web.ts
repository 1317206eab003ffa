import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { DifySettings } from "../../config/dify.ts";
import { workloadLabels } from "../workload/labels.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import { difyAddresses, difyPorts } from "./addresses.ts";
import { difyUser } from "./backend.ts";
import { publicUrl, webEnvironment } from "./environment/urls.ts";
import { difyImages } from "./images.ts";
import { webProbes } from "./probes.ts";
import { readyPods } from "./readyPods.ts";
import { drainFirst, shortTermination } from "./termination.ts";

export interface WebArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: DifySettings;
  /** Name under which users reach Dify. */
  readonly host: string;
}

/** The pages. */
export class Web extends pulumi.ComponentResource {
  constructor(name: string, args: WebArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:Web", name, {}, opts);
    const { cluster, namespace, settings, host } = args;
    const termination = shortTermination();
    const ports = { http: difyPorts.web };
    const environment = new k8s.core.v1.ConfigMap(
      "web",
      {
        metadata: { name: "web", namespace, labels: { ...workloadLabels("web") } },
        data: webEnvironment(publicUrl(host, settings), difyAddresses(cluster), settings),
      },
      { parent: this },
    );
    new StatelessWorkload(
      "web",
      {
        cluster,
        namespace,
        nodes: settings.nodes,
        replicas: settings.web.replicas,
        ports,
        runAs: difyUser,
        containers: [
          {
            name: "web",
            image: difyImages(settings).web,
            resources: settings.web.resources,
            envFrom: [{ configMapRef: { name: environment.metadata.name } }],
            ports: [{ name: "http", containerPort: difyPorts.web }],
            writable: ["/tmp", "/app/web/.next/cache"],
            lifecycle: drainFirst(termination),
            ...webProbes,
          },
        ],
        reads: [environment],
        graceSeconds: termination.grace,
      },
      { parent: this },
    );
    readyPods("web", { namespace, ports }, { parent: this });
    this.registerOutputs({});
  }
}

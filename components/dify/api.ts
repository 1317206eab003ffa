import * as pulumi from "@pulumi/pulumi";
import { StatelessWorkload } from "../workload/stateless.ts";
import { difyPorts } from "./addresses.ts";
import { backendPod, type BackendArgs } from "./backend.ts";
import { apiProbes } from "./probes.ts";
import { readyPods } from "./readyPods.ts";
import { drainFirst, runTermination } from "./termination.ts";

/** Console and service API, spread over zones. A pod that ends finishes the streams that it serves. */
export class Api extends pulumi.ComponentResource {
  constructor(name: string, args: BackendArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:Api", name, {}, opts);
    const { settings, namespace, after = [] } = args;
    const termination = runTermination(settings);
    const ports = { http: difyPorts.api };
    new StatelessWorkload(
      "api",
      {
        ...backendPod("api", args, {
          resources: settings.api.resources,
          ports: [{ name: "http", containerPort: difyPorts.api }],
          lifecycle: drainFirst(termination),
          ...apiProbes,
        }),
        namespace,
        replicas: settings.api.replicas,
        spread: "zone",
        ports,
        graceSeconds: termination.grace,
        after,
      },
      { parent: this },
    );
    readyPods("api", { namespace, ports }, { parent: this });
    this.registerOutputs({});
  }
}

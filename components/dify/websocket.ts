import * as pulumi from "@pulumi/pulumi";
import { podService } from "../workload/service.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import { difyPorts } from "./addresses.ts";
import { backendPod, type BackendArgs } from "./backend.ts";
import { apiProbes } from "./probes.ts";
import { drainFirst, shortTermination } from "./termination.ts";

/**
 * Collaboration on the canvas. A single one is replaced, never doubled: up to 1.15 it knows only the clients that are connected to
 * itself. Of several, a gateway pod keeps to one, because a client's first requests must all reach the same.
 */
export class Websocket extends pulumi.ComponentResource {
  constructor(name: string, args: BackendArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:Websocket", name, {}, opts);
    const { settings, namespace, after = [] } = args;
    const { replicas, resources } = settings.websocket;
    const termination = shortTermination();
    new StatelessWorkload(
      "websocket",
      {
        ...backendPod("websocket", args, {
          resources,
          ports: [{ name: "http", containerPort: difyPorts.websocket }],
          lifecycle: drainFirst(termination),
          ...apiProbes,
        }),
        namespace,
        replicas,
        spread: replicas === 1 ? "none" : "zone",
        strategy: replicas === 1 ? "Recreate" : "RollingUpdate",
        graceSeconds: termination.grace,
        after,
      },
      { parent: this },
    );
    podService(
      "websocket",
      {
        namespace,
        ports: { http: difyPorts.websocket },
        ...(replicas > 1 && { spec: { sessionAffinity: "ClientIP" } }),
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/settings.ts";
import { priorityClass } from "../workload/pod.ts";
import { CertificateAuthority } from "./certificates.ts";
import { flows } from "./flows.ts";
import { Namespaces, type Area } from "./namespaces.ts";
import { NetworkPolicies } from "./policies.ts";

export interface NetworkArgs {
  readonly settings: Settings;
}

/** Where everything else stands: namespaces, what may talk to what, the authority that certificates come from. */
export class Network extends pulumi.ComponentResource {
  /** Names of the namespaces; what is put into one waits for it. */
  readonly namespaces: Readonly<Record<Area, pulumi.Output<string>>>;
  readonly authority: CertificateAuthority;
  /** Pods wait for these: their priority classes, and the policies that guard them from their first moment. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:network:Network", name, args, opts);
    const { cluster, network } = args.settings;
    const child = { parent: this };
    this.namespaces = new Namespaces("namespaces", { cluster }, child).names;
    const policies = new NetworkPolicies(
      "network-policies",
      {
        cluster,
        namespaces: this.namespaces,
        flows: flows(args.settings),
        monitoringNamespace: network.monitoringNamespace,
      },
      child,
    );
    this.authority = new CertificateAuthority(
      cluster.prefix,
      { settings: network.certificates, protect: cluster.protect },
      child,
    );
    this.ready = [policies, ...this.priorities(priorityClass(cluster, "data"), priorityClass(cluster, "service"))];
    this.registerOutputs({ namespaces: this.namespaces });
  }

  /** When a node runs short, services go before data, and both after what names no priority. */
  private priorities(data: string, service: string): k8s.scheduling.v1.PriorityClass[] {
    const declare = (name: string, value: number, description: string) =>
      new k8s.scheduling.v1.PriorityClass(name, { metadata: { name }, value, description }, { parent: this });
    return [
      declare(data, 1_000_000, "Holds data: evicted last."),
      declare(service, 100_000, "Serves Dify: evicted before what holds data."),
    ];
  }
}

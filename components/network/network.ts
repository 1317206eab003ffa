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
  /** Names of the namespaces. What is put into one waits for its policies, which guard pods from their first moment, and for priority classes. */
  readonly namespaces: Readonly<Record<Area, pulumi.Output<string>>>;
  readonly authority: CertificateAuthority;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:network:Network", name, {}, opts);
    const { cluster, network } = args.settings;
    const child = { parent: this };
    const { names } = new Namespaces("namespaces", { cluster, ...(network.mesh === "istio" && { mesh: true }) }, child);
    const { policies } = new NetworkPolicies(
      "network-policies",
      {
        cluster,
        namespaces: names,
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
    const first = [...policies, ...this.priorities(priorityClass(cluster, "data"), priorityClass(cluster, "service"))];
    const guards = pulumi.all(first.map(({ urn }) => urn));
    const guarded = (area: Area) => pulumi.all([names[area], guards]).apply(([namespace]) => namespace);
    this.namespaces = {
      app: guarded("app"),
      data: guarded("data"),
      sandbox: guarded("sandbox"),
      drills: guarded("drills"),
    };
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

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import { nameLabel } from "../workload/labels.ts";
import { areas, type WorkloadName } from "./areas.ts";
import { meshControl } from "./flows/application.ts";
import type { Flow } from "./flows/flow.ts";
import { namespaceNames, type Area } from "./namespaces.ts";
import { privateRanges } from "./privateRanges.ts";

type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;
type Port = k8s.types.input.networking.v1.NetworkPolicyPort;
type EgressRule = k8s.types.input.networking.v1.NetworkPolicyEgressRule;
type Policy = k8s.types.input.networking.v1.NetworkPolicySpec;

export interface PolicySettings {
  readonly cluster: Pick<ClusterSettings, "prefix">;
  /** Namespace of Prometheus. */
  readonly monitoringNamespace?: string | undefined;
}

function namespaced(namespace: string): Peer {
  return { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } };
}

/** A party of a flow as NetworkPolicies name it; nothing when it may be anyone. */
function peer(party: Flow["from"], settings: PolicySettings): Peer[] {
  switch (party) {
    case "users":
    case "anywhere":
      return [];
    case "internet":
      return [{ ipBlock: { cidr: "0.0.0.0/0", except: [...privateRanges.v4] } }];
    case "monitoring":
      return settings.monitoringNamespace ? [namespaced(settings.monitoringNamespace)] : [];
    case "mesh":
      return [namespaced(meshControl.namespace)];
    default:
      return [
        {
          ...namespaced(namespaceNames(settings.cluster)[areas[party]]),
          podSelector: { matchLabels: { [nameLabel]: party } },
        },
      ];
  }
}

const tcp = (port: number): Port => ({ protocol: "TCP", port });
const udp = (port: number): Port => ({ protocol: "UDP", port });

/** Names are asked for in kube-system, by whatever serves DNS there. */
const dns: EgressRule = { to: [namespaced("kube-system")], ports: [udp(53), tcp(53)] };

/** What one workload may open and accept: its lines of the table, and nothing else. */
export function policyOf(workload: WorkloadName, table: readonly Flow[], settings: PolicySettings): Policy {
  const out = table.filter((flow) => flow.from === workload);
  const into = table.filter((flow) => flow.to === workload);
  const rule = (key: "to" | "from", flow: Flow) => {
    const peers = peer(flow[key], settings);
    return { ...(peers.length > 0 && { [key]: peers }), ports: [...flow.ports.map(tcp), ...(flow.udp ?? []).map(udp)] };
  };
  return {
    podSelector: { matchLabels: { [nameLabel]: workload } },
    policyTypes: ["Ingress", "Egress"],
    ingress: into.map((flow) => rule("from", flow)),
    egress: [dns, ...out.map((flow) => rule("to", flow))],
  };
}

/** Nothing in, nothing out: what no other policy allows. */
export const denyAll: Policy = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

/** Workloads that have a part in the table. */
export function workloadsIn(table: readonly Flow[]): WorkloadName[] {
  const parties = new Set(table.flatMap((flow) => [flow.from, flow.to]));
  return (Object.keys(areas) as WorkloadName[]).filter((workload) => parties.has(workload));
}

export interface NetworkPoliciesArgs extends PolicySettings {
  readonly flows: readonly Flow[];
  readonly namespaces: Readonly<Record<Area, pulumi.Input<string>>>;
}

/** Default deny in every namespace, and one policy for each workload that allows exactly its flows. */
export class NetworkPolicies extends pulumi.ComponentResource {
  readonly policies: readonly k8s.networking.v1.NetworkPolicy[];

  constructor(name: string, args: NetworkPoliciesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:network:NetworkPolicies", name, {}, opts);
    const { flows, namespaces } = args;
    const declare = (resource: string, policy: string, area: Area, spec: Policy) =>
      new k8s.networking.v1.NetworkPolicy(
        resource,
        { metadata: { name: policy, namespace: namespaces[area] }, spec },
        { parent: this },
      );
    this.policies = [
      ...(["app", "data", "sandbox", "drills"] as const).map((area) =>
        declare(`default-deny-${area}`, "default-deny", area, denyAll),
      ),
      ...workloadsIn(flows).map((w) => declare(w, w, areas[w], policyOf(w, flows, args))),
    ];
    this.registerOutputs({});
  }
}

import { nameLabel } from "../../../components/workload/labels.ts";
import { denyAll, policyOf, workloadsIn, type PolicySettings } from "../../../components/network/policies.ts";
import { areas, type WorkloadName } from "../../../components/network/areas.ts";
import type { Flow } from "../../../components/network/flows/flow.ts";
import { namespaceNames } from "../../../components/network/namespaces.ts";

interface Endpoint {
  readonly namespace: string;
  readonly workload: string;
}

interface Rule {
  readonly to?: readonly PlainPeer[];
  readonly from?: readonly PlainPeer[];
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
}
interface PlainPeer {
  readonly namespaceSelector?: { readonly matchLabels: Record<string, string> };
  readonly podSelector?: { readonly matchLabels: Record<string, string> };
  readonly ipBlock?: { readonly cidr: string };
}
interface PlainPolicy {
  readonly podSelector: { readonly matchLabels?: Record<string, string> };
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

/** Whether policies let one pod open a connection to another, by the rules of Kubernetes: what no policy of a selected pod allows is refused. */
export function evaluator(table: readonly Flow[], settings: PolicySettings) {
  const names = namespaceNames(settings.cluster);
  const policies = [
    ...Object.values(names).map((namespace) => ({ namespace, spec: denyAll as PlainPolicy })),
    ...workloadsIn(table).map((workload) => ({
      namespace: names[areas[workload]],
      spec: policyOf(workload, table, settings) as PlainPolicy,
    })),
  ];
  const selecting = ({ namespace, workload }: Endpoint) =>
    policies.filter(
      (p) => p.namespace === namespace && selects(p.spec.podSelector.matchLabels, { [nameLabel]: workload }),
    );

  return (from: WorkloadName, to: WorkloadName, port: number): boolean => {
    const source = { namespace: names[areas[from]], workload: from };
    const target = { namespace: names[areas[to]], workload: to };
    const allows = (rules: readonly Rule[] | undefined, key: "to" | "from", other: Endpoint) =>
      (rules ?? []).some(
        (r) =>
          (!r.ports || r.ports.some((p) => p.port === port && p.protocol === "TCP")) &&
          (!r[key] || r[key].some((peer) => matches(peer, other))),
      );
    return (
      selecting(source).some(({ spec }) => allows(spec.egress, "to", target)) &&
      selecting(target).some(({ spec }) => allows(spec.ingress, "from", source))
    );
  };
}

function selects(selector: Record<string, string> | undefined, labels: Record<string, string>): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
}

function matches({ namespaceSelector, podSelector, ipBlock }: PlainPeer, { namespace, workload }: Endpoint): boolean {
  if (ipBlock) return false;
  return (
    selects(namespaceSelector?.matchLabels, { "kubernetes.io/metadata.name": namespace }) &&
    selects(podSelector?.matchLabels, { [nameLabel]: workload })
  );
}

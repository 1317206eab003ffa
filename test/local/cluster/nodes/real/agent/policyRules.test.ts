import { describe, expect, it } from "vitest";
import type { NetworkPolicy } from "../../../../../../local/cluster/nodes/real/agent/networkPolicy.ts";
import { policyRules } from "../../../../../../local/cluster/nodes/real/agent/policyRules.ts";
import { node, pod, policy, worldOf } from "./sample.ts";

const postgres = pod("postgres", "10.245.1.2", {
  ports: [
    { name: "sql", protocol: "TCP", port: 5432 },
    { name: "gossip", protocol: "UDP", port: 7946 },
  ],
});
const backup = pod("backup", "10.245.1.3");
const proxy = pod("proxy", "10.245.2.4", { node: "server-b1", ports: [{ name: "sql", protocol: "TCP", port: 5000 }] });
const stranger = pod("proxy", "10.245.3.5", { node: "server-c1", namespace: "other" });
const world = worldOf(postgres, backup, proxy, stranger);

/** What a pod may do in one direction, one condition a line; undefined when nothing restricts it. */
function allowed(direction: "ingress" | "egress", policies: readonly NetworkPolicy[]): string[] | undefined {
  const rules = policyRules(world, policies, node);
  const chain = new RegExp(`chain ${direction}-10.245.1.2 \\{\\n([^]*?) *counter drop`).exec(rules)?.[1];
  return chain
    ?.split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}
const ingress = (rule: NonNullable<NonNullable<NetworkPolicy["spec"]>["ingress"]>[number]) =>
  allowed("ingress", [policy("postgres", { policyTypes: ["Ingress"], ingress: [rule] })]);
const egress = (rule: NonNullable<NonNullable<NetworkPolicy["spec"]>["egress"]>[number]) =>
  allowed("egress", [policy("postgres", { policyTypes: ["Egress"], egress: [rule] })]);
const app = (name: string) => ({ podSelector: { matchLabels: { app: name } } });
const inNamespace = (name: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});

describe("a pod that policies restrict", () => {
  it("is refused everything by one without rules", () => {
    const deny = policy(undefined, { policyTypes: ["Ingress", "Egress"] });
    expect([allowed("ingress", [deny]), allowed("egress", [deny])]).toEqual([[], []]);
  });

  it("is free in a direction that none names, in another namespace, and under other labels", () => {
    expect(allowed("egress", [policy("postgres", { policyTypes: ["Ingress"] })])).toBeUndefined();
    expect(allowed("ingress", [policy("redis", { policyTypes: ["Ingress"] })])).toBeUndefined();
    const elsewhere = { ...policy(undefined, { policyTypes: ["Ingress"] }), metadata: { namespace: "other" } };
    expect(allowed("ingress", [elsewhere])).toBeUndefined();
  });

  it("may do what any of its policies allows", () => {
    const policies = [
      policy(undefined, { policyTypes: ["Ingress", "Egress"] }),
      policy("postgres", { policyTypes: ["Ingress"], ingress: [{ from: [app("proxy")], ports: [{ port: 5432 }] }] }),
      policy("postgres", { policyTypes: ["Ingress"], ingress: [{ from: [app("backup")], ports: [{ port: 8432 }] }] }),
    ];
    expect(allowed("ingress", policies)).toEqual([
      "ip saddr { 10.245.1.3 } tcp dport 8432 return",
      "ip saddr { 10.245.2.4 } tcp dport 5432 return",
    ]);
    expect(allowed("egress", policies)).toEqual([]);
  });

  it("is open to anyone by a rule that names nobody, on its ports or on all", () => {
    expect(ingress({})).toEqual(["return"]);
    expect(ingress({ ports: [{ port: 5432 }] })).toEqual(["tcp dport 5432 return"]);
  });

  it("is closed to all by a rule whose peers nobody is", () => {
    expect(ingress({ from: [app("nobody")] })).toEqual([]);
  });

  it("restricts what it receives by a policy that names no types, and what it sends when that has rules for it", () => {
    expect(allowed("ingress", [policy("postgres", {})])).toEqual([]);
    expect(allowed("egress", [policy("postgres", {})])).toBeUndefined();
    expect(allowed("egress", [policy("postgres", { egress: [{}] })])).toEqual(["return"]);
  });
});

describe("peers", () => {
  it.each([
    ["pods of the policy's own namespace", [app("proxy")], ["ip saddr { 10.245.2.4 } return"]],
    ["all pods of a namespace", [inNamespace("other")], ["ip saddr { 10.245.3.5 } return"]],
    ["some pods of a namespace", [{ ...inNamespace("other"), ...app("proxy") }], ["ip saddr { 10.245.3.5 } return"]],
    ["nobody, when only one of both selectors fits", [{ ...inNamespace("other"), ...app("backup") }], []],
    [
      "pods of any namespace",
      [{ namespaceSelector: {}, ...app("proxy") }],
      ["ip saddr { 10.245.2.4, 10.245.3.5 } return"],
    ],
    ["a range", [{ ipBlock: { cidr: "192.0.2.0/24" } }], ["ip saddr 192.0.2.0/24 return"]],
    [
      "a range with exceptions that overlap",
      [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8", "10.1.0.0/16"] } }],
      ["ip saddr 0.0.0.0/0 ip saddr != 10.0.0.0/8 ip saddr != 10.1.0.0/16 return"],
    ],
    ["nobody, by a range of IPv6", [{ ipBlock: { cidr: "2001:db8::/32" } }], []],
  ])("are %s", (_, from, expected) => expect(ingress({ from })).toEqual(expected));

  it("of what is sent are told by where it goes", () => {
    expect(egress({ to: [app("proxy")], ports: [{ port: 5000 }] })).toEqual([
      "ip daddr { 10.245.2.4 } tcp dport 5000 return",
    ]);
  });
});

describe("ports", () => {
  it.each([
    ["TCP unless said otherwise", [{ port: 5432 }], ["tcp dport 5432 return"]],
    ["UDP", [{ port: 53, protocol: "UDP" }], ["udp dport 53 return"]],
    ["a range", [{ port: 7000, endPort: 7100 }], ["tcp dport 7000-7100 return"]],
    ["all of a protocol", [{ protocol: "UDP" }], ["meta l4proto udp return"]],
    ["a name of the pod's own", [{ port: "sql" }], ["tcp dport 5432 return"]],
    ["a name with its protocol", [{ port: "gossip", protocol: "UDP" }], ["udp dport 7946 return"]],
    ["nothing, by a name under another protocol", [{ port: "gossip" }], []],
  ])("are %s", (_, ports, expected) => expect(ingress({ ports })).toEqual(expected));

  it("named in what is sent mean those of the pod that is connected to", () => {
    const to = [app("proxy"), app("backup"), { ipBlock: { cidr: "192.0.2.0/24" } }];
    expect(egress({ to, ports: [{ port: "sql" }] })).toEqual(["ip daddr { 10.245.2.4 } tcp dport 5000 return"]);
    expect(egress({ ports: [{ port: "sql" }] })).toEqual([
      "ip daddr { 10.245.1.2 } tcp dport 5432 return",
      "ip daddr { 10.245.2.4 } tcp dport 5000 return",
    ]);
  });
});

describe("addresses of the node that no known pod has", () => {
  it("neither send nor receive", () => {
    expect(policyRules(world, [], node)).toContain(
      [
        "    ip saddr 10.245.1.0/24 ip saddr != { 10.245.1.2, 10.245.1.3 } counter drop",
        "    ip daddr 10.245.1.0/24 ip daddr != { 10.245.1.2, 10.245.1.3 } counter drop",
      ].join("\n"),
    );
  });

  it("are all of them while no pod is known", () => {
    expect(policyRules(worldOf(proxy), [], node)).toContain("    ip saddr 10.245.1.0/24 counter drop\n");
  });
});

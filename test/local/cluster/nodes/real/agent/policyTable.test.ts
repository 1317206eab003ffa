import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { NetworkPolicy } from "../../../../../../local/cluster/nodes/real/agent/networkPolicy.ts";
import { policyRules } from "../../../../../../local/cluster/nodes/real/agent/policyRules.ts";
import { PolicyTable } from "../../../../../../local/cluster/nodes/real/agent/policyTable.ts";
import { usesDebian } from "../../../../../support/debian.ts";
import { PodNetwork } from "./podNetwork.ts";
import { node, pod, policy, worldOf } from "./sample.ts";

vi.setConfig({ testTimeout: 60_000 });
usesDebian();

const postgres = pod("postgres", "10.245.1.2", { ports: [{ name: "sql", protocol: "TCP", port: 5432 }] });
const client = pod("client", "10.245.1.3");
const remote = pod("remote", "10.245.2.4", { node: "server-b1" });
const dns = pod("dns", "10.245.2.5", { node: "server-b1", namespace: "other" });
/** Has an address of the node, but nobody knows it. */
const unknown = "10.245.1.9";
const service = "10.96.0.10";

let network: PodNetwork;
let table: PolicyTable;

beforeAll(async () => {
  network = await PodNetwork.open([...[postgres, client, remote, dns].map(({ address }) => address), unknown]);
  await network.addService(service, 80, postgres.address, 5432);
  table = new PolicyTable({ ...node, netns: network.netns });
}, 60_000);
afterAll(() => network.close());

const world = worldOf(postgres, client, remote, dns);
const apply = (...policies: NetworkPolicy[]) => table.replace(policyRules(world, policies, node));
const app = (name: string) => ({ podSelector: { matchLabels: { app: name } } });

/** Which of these get an answer: "from to port". */
async function reached(...attempts: [from: string, to: string, port: number, protocol?: "udp"][]): Promise<boolean[]> {
  return Promise.all(attempts.map((attempt) => network.reaches(...attempt)));
}

describe("packets in a node's network", () => {
  it("pass between pods while nothing restricts them", async () => {
    await apply();
    const answers = await reached(
      [client.address, postgres.address, 5432],
      [remote.address, postgres.address, 5433],
      [postgres.address, remote.address, 5432],
      [client.address, dns.address, 53, "udp"],
      [client.address, service, 80],
    );
    expect(answers).toEqual([true, true, true, true, true]);
  });

  it("go where the policy of the one that receives allows, by its Service or not", async () => {
    const from = [app("client")];
    await apply(policy("postgres", { policyTypes: ["Ingress"], ingress: [{ from, ports: [{ port: "sql" }] }] }));
    const answers = await reached(
      [client.address, postgres.address, 5432],
      [client.address, service, 80],
      [client.address, postgres.address, 5433],
      [client.address, postgres.address, 53, "udp"],
      [remote.address, postgres.address, 5432],
      // What it sends is not restricted, nor are others.
      [postgres.address, remote.address, 5432],
      [remote.address, client.address, 5432],
    );
    expect(answers).toEqual([true, true, false, false, false, true, true]);
  });

  it("go where the policy of the one that sends allows", async () => {
    const egress = [
      {
        to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "other" } } }],
        ports: [{ port: 53, protocol: "UDP" }],
      },
      {
        to: [{ ipBlock: { cidr: "10.245.0.0/16", except: ["10.245.2.5/32"] } }],
        ports: [{ port: 5432, endPort: 5440 }],
      },
    ];
    await apply(policy("client", { policyTypes: ["Egress"], egress }));
    const answers = await reached(
      [client.address, dns.address, 53, "udp"],
      [client.address, remote.address, 5433],
      [client.address, remote.address, 53, "udp"],
      [client.address, dns.address, 5432],
      [client.address, postgres.address, 5432],
      [remote.address, client.address, 5432],
    );
    expect(answers).toEqual([true, true, false, false, true, true]);
  });

  it("go nowhere under default deny, but to a pod from its own node, and from itself by its Service", async () => {
    await apply(policy(undefined, { policyTypes: ["Ingress", "Egress"] }));
    const answers = await reached(
      [client.address, postgres.address, 5432],
      [postgres.address, remote.address, 5432],
      [remote.address, client.address, 5432],
      [client.address, dns.address, 53, "udp"],
      ["node", postgres.address, 5432],
      [postgres.address, service, 80],
    );
    expect(answers).toEqual([false, false, false, false, true, true]);
  });

  it("neither leave nor reach an address that no known pod has", async () => {
    await apply();
    const answers = await reached(
      [unknown, client.address, 5432],
      [unknown, remote.address, 5432],
      [unknown, dns.address, 53, "udp"],
      [client.address, unknown, 5432],
      [remote.address, unknown, 5432],
    );
    expect(answers).toEqual([false, false, false, false, false]);
  });

  it("of a connection that stands still pass when a policy comes later, those of new ones do not", async () => {
    await apply();
    const standing = network.connect(client.address, postgres.address, 5432);
    const answers = standing[Symbol.asyncIterator]();
    standing.stdin.write("\n");
    expect((await answers.next()).value).toBe("answer");
    await apply(policy(undefined, { policyTypes: ["Ingress", "Egress"] }));
    standing.stdin.write("\n");
    expect((await answers.next()).value).toBe("answer");
    expect(await network.reaches(client.address, postgres.address, 5432)).toBe(false);
    standing.stdin.end();
    await standing;
  });
});

describe("a node's network without rules", () => {
  it("is closed until it is known what pods may do, and rules of before are kept", async () => {
    const fresh = await PodNetwork.open([postgres.address, remote.address]);
    try {
      const guarded = { ...node, netns: fresh.netns };
      expect(await fresh.reaches(remote.address, postgres.address, 5432)).toBe(true);
      await new PolicyTable(guarded).closeIfOpen();
      expect(await fresh.reaches(remote.address, postgres.address, 5432)).toBe(false);
      await new PolicyTable(guarded).replace(policyRules(world, [], node));
      await new PolicyTable(guarded).closeIfOpen();
      expect(await fresh.reaches(remote.address, postgres.address, 5432)).toBe(true);
    } finally {
      await fresh.close();
    }
  });
});

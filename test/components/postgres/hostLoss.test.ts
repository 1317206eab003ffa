import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { membersOf } from "../../../components/postgres/layout.ts";
import { openNetwork, usesDebian } from "../../support/debian.ts";
import { PostgresCluster } from "../../support/postgresCluster.ts";
import {
  addressOf,
  areas,
  cluster as clusterSettings,
  issueClusterCertificates,
  smallSettings,
} from "../../support/postgresSample.ts";

usesDebian();

/** A leader's host that is gone without a word: nothing is refused, nothing is answered. */
describe("the loss of the leader's host", { timeout: 240_000 }, () => {
  let network: Awaited<ReturnType<typeof openNetwork>>;
  let cluster: PostgresCluster;

  beforeAll(async () => {
    network = await openNetwork();
    cluster = new PostgresCluster({
      settings: smallSettings(),
      network,
      certificates: await issueClusterCertificates(),
    });
    for (const i of [0, 1, 2]) cluster.startEtcd(i);
    for (const i of [0, 1, 2]) cluster.startMember(i);
    cluster.startProxy();
    cluster.startPooler();
    const configured = await cluster.configure(cluster.settings);
    expect(configured.exitCode, configured.stderr + configured.stdout).toBe(0);
    const made = await cluster.bootstrap();
    expect(made.exitCode, made.stderr + made.stdout).toBe(0);
  }, 180_000);
  afterAll(async () => {
    await cluster.stop();
    await network.close();
  });

  /** Packets to and from the member's and its etcd's addresses vanish, then everything on the host ends. */
  async function loseHostOf(member: string): Promise<void> {
    const index = membersOf("members", 3, clusterSettings).findIndex(({ name }) => name === member);
    const addresses = `{ ${addressOf(areas.members, index)}, ${addressOf(areas.etcd, index)} }`;
    const cut = await cluster.run({
      argv: [
        "nft",
        [
          "add table ip lost",
          "add chain ip lost in { type filter hook input priority 0; }",
          `add rule ip lost in ip daddr ${addresses} drop`,
          `add rule ip lost in ip saddr ${addresses} drop`,
        ].join("; "),
      ],
    });
    expect(cut.exitCode, cut.stderr).toBe(0);
    cluster.running.get(member)?.kill();
    cluster.running.get(`etcd-${index}`)?.kill();
  }

  it("is over before its lock would have ended, and nothing that was acknowledged is gone", async () => {
    const sql = (statement: string) => cluster.run({ argv: ["psql", "-XAtqc", statement], ...cluster.client("dify") });
    expect((await sql("CREATE TABLE written (n int PRIMARY KEY)")).exitCode).toBe(0);
    const writes =
      'n=0; while :; do n=$((n+1)); psql -XAtqc "INSERT INTO written VALUES ($n)" && echo "wrote $n."; sleep 0.05; done';
    const writer = cluster.start("writer", { argv: ["sh", "-c", writes], ...cluster.client("dify") });
    await writer.printed(/wrote 20\./);
    const lost = await cluster.leader();
    await loseHostOf(lost);
    const acknowledged = () => [...writer.output.matchAll(/wrote (\d+)\./g)].map(([, n]) => Number(n));
    const before = acknowledged().length;
    await expect.poll(() => acknowledged().length, { timeout: 60_000 }).toBeGreaterThan(before + 20);
    writer.kill();
    await writer.ended;

    const leader = await cluster.leader();
    expect(leader).not.toBe(lost);
    const told = [...cluster.running.values()].map(({ output }) => output).join("\n");
    expect(told).toContain(`${lost} leads no more: votes of`);
    expect(told).toContain(`${leader} is to lead: pledges of`);
    const kept = (await sql("SELECT n FROM written")).stdout.trim().split("\n").map(Number);
    expect(acknowledged().filter((n) => !kept.includes(n))).toEqual([]);
  });
});

import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningProgram } from "../../../local/debian/run.ts";
import { usesDebian } from "../../support/debian.ts";
import { settings, startMembers } from "./members.ts";

type Members = Awaited<ReturnType<typeof startMembers>>;

usesDebian();

async function eventually(what: string, check: () => Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await setTimeout(500);
  }
}

const acknowledged = (writer: RunningProgram) => writer.output.match(/^ok /gm)?.length ?? 0;

async function moreWrites(writer: RunningProgram, count = 50): Promise<void> {
  const before = acknowledged(writer);
  await eventually(`${count} more writes`, () => Promise.resolve(acknowledged(writer) >= before + count));
}

describe("Redis members from the rendered configuration and scripts", { timeout: 240_000 }, () => {
  let members: Members;
  const others = (i: number) => [0, 1, 2].filter((n) => n !== i);
  const ready = async (i: number) => (await members.run(i, "ready.sh")).exitCode === 0;
  /** Sentinels look for new replicas every ten seconds: before that they could not promote one. */
  const watched = async (i: number) => {
    const master = await members.sentinelCli(i, "sentinel", "master", "dify");
    return /flags\nmaster\n/.test(master) && /num-slaves\n2\nnum-other-sentinels\n2\n/.test(master);
  };
  const settled = () =>
    eventually("all members ready, known to all Sentinels", async () => {
      const checks = [0, 1, 2].flatMap((i) => [ready(i), watched(i)]);
      return (await Promise.all(checks)).every(Boolean);
    });

  beforeAll(async () => {
    members = await startMembers();
    await settled();
  }, 120_000);
  afterAll(() => members.close());

  it("start with the first member as master", async () => {
    expect(await members.master()).toBe(0);
    expect(await members.cli(0, "info", "replication")).toContain(`min_slaves_good_slaves:${settings.members - 1}`);
  });

  it("are known to the proxy, which tells probes and Prometheus", async () => {
    expect(await members.proxyPage("/healthz")).toContain("200 OK");
    const metrics = await members.proxyPage("/metrics");
    expect(metrics).toMatch(/^haproxy_server_status\{proxy="master",server="redis-0",state="UP"\} 1$/m);
    expect(metrics).toMatch(/^haproxy_server_status\{proxy="master",server="redis-1",state="DOWN"\} 1$/m);
  });

  it("let Sentinels and replicas make their connections anew, and end no other", async () => {
    const clients = async () => (await members.cli(0, "client", "list")).split("\n");
    const links = async () =>
      (await clients()).filter((line) => / (name=sentinel-|flags=S)/.test(line)).map((line) => line.split(" ")[0]);
    const writer = members.writer();
    await moreWrites(writer);
    const before = await links();
    // Two of each Sentinel, one of each replica.
    expect(before).toHaveLength(2 * settings.members + settings.members - 1);
    expect(await members.run(0, "renew-links.sh", "6379", "/secrets/password")).toMatchObject({ exitCode: 0 });
    await settled();
    const after = await links();
    expect(after).toHaveLength(before.length);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    await moreWrites(writer);
    const { stdout } = await writer.stop();
    expect(stdout).toContain("lost none");
    expect(stdout).not.toMatch(/closed|reset|NOREPLICAS/i);
  });

  it("keep every acknowledged write when the master's node dies, and writers go on through the proxy", async () => {
    const writer = members.writer();
    await moreWrites(writer);
    const old = await members.master();
    await members.kill(old as number);
    await eventually("another master", async () => others(old as number).includes((await members.master()) ?? -1));
    await moreWrites(writer);
    const { stdout } = await writer.stop();
    expect(stdout).toContain("lost none");

    members.start(old as number);
    await settled();
    expect(await members.cli(old as number, "role")).toMatch(/^slave/);
    expect(await members.cli(old as number, "dbsize")).toBe(
      await members.cli((await members.master()) as number, "dbsize"),
    );
  });

  it("hand over, losing nothing and never leading writers to a replica, when the master is asked to go", async () => {
    const writer = members.writer();
    await moreWrites(writer);
    const old = (await members.master()) as number;
    const handOver = await members.run(old, "hand-over.sh");
    expect(handOver).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("handed over to") as string });
    await members.kill(old);
    await moreWrites(writer);
    const { stdout } = await writer.stop();
    expect(stdout).toContain("lost none");
    expect(stdout).not.toContain("READONLY");
    members.start(old);
    await settled();
  });

  it("leave a replica alone that is asked to go", async () => {
    const master = (await members.master()) as number;
    const [replica] = others(master);
    expect(await members.run(replica as number, "hand-over.sh")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await members.master()).toBe(master);
  });

  it("let a replica take over from a master that crashed and came back at once", async () => {
    const writer = members.writer();
    await moreWrites(writer);
    const old = (await members.master()) as number;
    await members.cli(old, "shutdown", "nosave", "now", "force");
    await eventually("another master", async () => others(old).includes((await members.master()) ?? -1));
    await settled();
    await moreWrites(writer);
    expect((await writer.stop()).stdout).toContain("lost none");
    expect(members.pod(old).output).toContain("was the master: a replica takes over");
  });

  it("refuse to lead without data while replicas are known, and follow them when they are back", async () => {
    const master = (await members.master()) as number;
    const keys = await members.cli(master, "dbsize");
    for (const i of [0, 1, 2]) members.pod(i).signal("HUP");
    for (const i of [...others(master), master]) await members.cli(i, "shutdown", "nosave", "now", "force");
    members.pod(master).signal("USR1");
    members.pod(master).signal("CONT");
    await members.pod(master).printed(/refuses to be a master without data/, 60);

    for (const i of others(master)) members.pod(i).signal("CONT");
    await settled();
    expect(await members.cli((await members.master()) as number, "dbsize")).toBe(keys);
  });

  it("come back with the last master's data when all of them were gone", async () => {
    const keys = await members.cli((await members.master()) as number, "dbsize");
    for (const i of [0, 1, 2]) {
      await members.sentinelCli(i, "shutdown");
      await members.cli(i, "shutdown", "nosave", "now", "force");
    }
    await settled();
    expect(await members.cli((await members.master()) as number, "dbsize")).toBe(keys);
  });
});

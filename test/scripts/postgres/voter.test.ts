import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { voterScripts } from "../../../components/postgres/memberPod.ts";
import { script } from "../../../components/postgres/scripts.ts";
import { runInDebian, startInDebian, usesDebian, type RunningProgram } from "../../support/debian.ts";
import { issueCertificates, loopbackNames, type Certificate } from "../../support/servers/certificates.ts";
import { startEtcd, type EtcdServer } from "../../support/servers/etcd.ts";
import { freePort } from "../../support/servers/server.ts";

usesDebian();

const scripts = Object.fromEntries(voterScripts.map((name) => [`/opt/dify-ha/${name}`, script(name)]));

/** Python's unit tests, on the very scripts: a file of this folder or of `failures`, with all that is beside it. */
async function runTests(folder: string, name: string, timeoutSeconds: number): Promise<void> {
  const here = new URL(folder, import.meta.url);
  const tests = readdirSync(here).filter((file) => file.endsWith(".py"));
  const result = await runInDebian({
    argv: ["python3", "-B", `/opt/test/${name}`],
    files: {
      ...scripts,
      ...Object.fromEntries(tests.map((file) => [`/opt/test/${file}`, readFileSync(new URL(file, here), "utf8")])),
    },
    timeoutSeconds,
    env: { PYTHONPATH: "/opt/dify-ha" },
  });
  expect(result.exitCode, result.stderr).toBe(0);
}

it(
  "votes, counts votes and finds a successor only when it may",
  () => runTests("./", "voter_decisions.py", 60),
  60_000,
);

it(
  "loses nothing whatever fails, and would lose something without any part of its rule",
  () => runTests("./failures/", "schedules.py", 900),
  900_000,
);

describe("voters on a real etcd", () => {
  const leaderKey = "/dify-ha/dify/leader";
  const voters = new Map<string, RunningProgram>();
  let tls: Certificate;
  let etcd: EtcdServer;
  /** The leader's Postgres, as far as voters see it. */
  let port: number;
  let listener: Server | undefined;

  beforeAll(async () => {
    tls = (await issueCertificates({ server: loopbackNames })).server;
    etcd = await startEtcd({ tls });
  }, 60_000);
  afterAll(() => etcd.stop());

  beforeEach(async () => {
    port = await freePort();
    listener = createServer((socket) => socket.destroy()).listen(port, "127.0.0.1");
    const address = { conn_url: `postgres://127.0.0.1:${port}/postgres`, api_url: `https://127.0.0.1:${port}/patroni` };
    await etcd.ctl("put", leaderKey, "postgres-0");
    const keys = {
      "members/postgres-0": JSON.stringify(address),
      config: JSON.stringify({ synchronous_mode: "quorum" }),
      sync: sync("postgres-1,postgres-2", 1),
    };
    await Promise.all(Object.entries(keys).map(([key, value]) => etcd.ctl("put", `/dify-ha/dify/${key}`, value)));
  }, 60_000);
  afterEach(async () => {
    for (const voter of voters.values()) voter.kill();
    await Promise.all([...voters.values()].map(({ ended }) => ended));
    voters.clear();
    listener?.close();
    await etcd.ctl("del", "--prefix", "/dify-ha");
  }, 60_000);

  const sync = (standbys: string, quorum: number) =>
    JSON.stringify({ leader: "postgres-0", sync_standby: standbys, quorum });

  async function start(...members: string[]): Promise<void> {
    const settings = {
      interval: 0.1,
      storeTimeout: 2,
      connectTimeout: 0.5,
      unreachable: 0.5,
      refused: 0.5,
      interregnum: 20,
      voters: ["postgres-0", "postgres-1", "postgres-2"],
      postgres: { psql: "/opt/test/psql", sockets: "/none", user: "postgres" },
      etcd: [`127.0.0.1:${etcd.port}`],
      scopePrefix: "/dify-ha/dify/",
      votesPrefix: "/dify-ha-votes/dify/",
      tls: { authority: "/tls/ca.crt", certificate: "/tls/tls.crt", key: "/tls/tls.key" },
    };
    for (const member of members)
      voters.set(
        member,
        startInDebian({
          argv: ["python3", "/opt/dify-ha/voter.py"],
          files: {
            ...scripts,
            "/opt/test/psql": standbyOf(member),
            "/tls/ca.crt": tls.authority,
            "/tls/tls.crt": tls.certificate,
            "/tls/tls.key": tls.key,
          },
          env: { VOTER_MEMBER: member, VOTER_SETTINGS: JSON.stringify(settings) },
        }),
      );
    await Promise.all([...voters.values()].map((voter) => voter.printed(/watches/)));
  }

  /** What stands for the Postgres beside a voter: cut off from its leader as soon as it is asked, each with another amount of log. */
  const standbyOf = (member: string) => `#!/bin/sh\necho "1|${member === "postgres-1" ? 4000 : 3000}"\n`;

  const loseTheLeader = () => void listener?.close();
  const leader = () => etcd.ctl("get", "--print-value-only", leaderKey);
  const votes = () => etcd.ctl("get", "--prefix", "--keys-only", "/dify-ha-votes/dify/votes/");
  const voted = (member: string) => voters.get(member)?.printed(/vote against/);

  it("give the key of a leader that two of three cannot reach to the standby that has most", async () => {
    await start("postgres-1", "postgres-2");
    loseTheLeader();
    await expect.poll(leader, { timeout: 15_000 }).toBe("postgres-1");
    const told = [...voters.values()].map(({ output }) => output).join("");
    expect(told).toContain("postgres-0 leads no more: votes of postgres-1, postgres-2");
    expect(told).toContain("postgres-1 is to lead: pledges of postgres-1, postgres-2");
  }, 40_000);

  it("hand on from a leader whose pod ends, without waiting for its host to be silent", async () => {
    await start("postgres-0", "postgres-1", "postgres-2");
    await voters.get("postgres-0")?.stop();
    await expect.poll(leader, { timeout: 15_000 }).toBe("postgres-1");
    const told = [...voters.values()].map(({ output }) => output).join("");
    expect(told).toContain("postgres-0 leads no more: its pod ends");
    expect(told).not.toContain("vote against");
  }, 40_000);

  it("leave the leader alone when a standby's pod ends", async () => {
    await start("postgres-1", "postgres-2");
    await voters.get("postgres-1")?.stop();
    expect(await leader()).toBe("postgres-0");
  }, 40_000);

  it("write the key of synchronous standbys anew, so that the old leader cannot change it", async () => {
    const version = async () =>
      (JSON.parse(await etcd.ctl("get", "-w", "json", "/dify-ha/dify/sync")) as { kvs: { mod_revision: number }[] })
        .kvs[0]?.mod_revision;
    const before = await version();
    await start("postgres-1", "postgres-2");
    loseTheLeader();
    await expect.poll(leader, { timeout: 15_000 }).toBe("postgres-1");
    expect(await version()).not.toBe(before);
    expect(await etcd.ctl("get", "--print-value-only", "/dify-ha/dify/sync")).toBe(sync("postgres-1,postgres-2", 1));
  }, 40_000);

  it.each([
    ["commits wait for nobody", "config", JSON.stringify({ synchronous_mode: false })],
    ["the leader acknowledges alone", "sync", sync("", 0)],
    ["a switchover is going on", "failover", JSON.stringify({ leader: "postgres-0", member: "postgres-1" })],
  ])(
    "let nobody vote when %s",
    async (_, key, value) => {
      await etcd.ctl("put", `/dify-ha/dify/${key}`, value);
      await start("postgres-1", "postgres-2");
      loseTheLeader();
      await delay(2000);
      expect(await leader()).toBe("postgres-0");
      expect(await votes()).toBe("");
    },
    40_000,
  );

  describe("when no cluster is made yet", () => {
    const bootstrap = () => etcd.ctl("get", "--keys-only", "/dify-ha/dify/initialize");
    const member = (state: string) =>
      etcd.ctl("put", "/dify-ha/dify/members/postgres-0", JSON.stringify({ role: "uninitialized", state }));
    beforeEach(async () => {
      await etcd.ctl("del", leaderKey);
      await etcd.ctl("put", "/dify-ha/dify/initialize", "");
    });

    it("let the members race anew for a bootstrap that nobody does", async () => {
      await member("stopped");
      await start("postgres-1", "postgres-2");
      await expect.poll(bootstrap, { timeout: 20_000 }).toBe("");
    }, 60_000);

    it("leave a bootstrap alone that a member is at", async () => {
      await member("initializing new cluster");
      await start("postgres-1", "postgres-2");
      await delay(6000);
      expect(await bootstrap()).toContain("initialize");
    }, 60_000);
  });

  it("leave a leader alone that only one cannot reach", async () => {
    await start("postgres-1");
    loseTheLeader();
    await voted("postgres-1");
    await delay(1500);
    expect(await leader()).toBe("postgres-0");
  }, 40_000);

  it("never touch a leader that answers", async () => {
    await start("postgres-1", "postgres-2");
    await delay(2000);
    expect(await leader()).toBe("postgres-0");
    expect(await votes()).toBe("");
  }, 40_000);

  it("take a vote back when the leader answers again", async () => {
    await start("postgres-1");
    loseTheLeader();
    await voted("postgres-1");
    listener = createServer((socket) => socket.destroy()).listen(port, "127.0.0.1");
    await expect.poll(votes, { timeout: 4000 }).toBe("");
  }, 40_000);

  it("do not end a term with votes against the one before", async () => {
    await start("postgres-1");
    loseTheLeader();
    await voted("postgres-1");
    const old = JSON.stringify({ leader: "postgres-0", revision: 1 });
    await etcd.ctl("put", "/dify-ha-votes/dify/votes/postgres-2", old);
    await delay(1000);
    expect(await leader()).toBe("postgres-0");
  }, 40_000);

  it("let nobody vote when the cluster is paused for maintenance", async () => {
    await etcd.ctl("put", "/dify-ha/dify/config", JSON.stringify({ pause: true, synchronous_mode: "quorum" }));
    await start("postgres-1", "postgres-2");
    loseTheLeader();
    await delay(2000);
    expect(await leader()).toBe("postgres-0");
    expect(await votes()).toBe("");
  }, 40_000);
});

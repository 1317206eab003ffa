import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { script } from "../../../components/postgres/scripts.ts";
import { runInDebian, startInDebian, usesDebian, type RunningProgram } from "../../support/debian.ts";
import { issueCertificates, loopbackNames, type Certificate } from "../../support/servers/certificates.ts";
import { startEtcd, type EtcdServer } from "../../support/servers/etcd.ts";
import { freePort } from "../../support/servers/server.ts";

usesDebian();

const scripts = Object.fromEntries(
  ["voter.py", "voter_ballot.py"].map((name) => [`/opt/dify-ha/${name}`, script(name)]),
);

it("votes, and counts votes, only when it may", async () => {
  const test = readFileSync(new URL("voter_decisions.py", import.meta.url), "utf8");
  const files = { ...scripts, "/opt/test/voter_decisions.py": test };
  const argv = ["python3", "/opt/test/voter_decisions.py"] as const;
  const result = await runInDebian({ argv, files, env: { PYTHONPATH: "/opt/dify-ha" } });
  expect(result.exitCode, result.stderr).toBe(0);
});

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
    await etcd.ctl("put", "/dify-ha/dify/members/postgres-0", JSON.stringify(address));
    await etcd.ctl("put", leaderKey, "postgres-0");
  });
  afterEach(async () => {
    for (const voter of voters.values()) voter.kill();
    await Promise.all([...voters.values()].map(({ ended }) => ended));
    voters.clear();
    listener?.close();
    await etcd.ctl("del", "--prefix", "/dify-ha");
  });

  async function start(...members: string[]): Promise<void> {
    const settings = {
      interval: 0.1,
      storeTimeout: 2,
      connectTimeout: 0.5,
      unreachable: 0.5,
      voters: 3,
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
          files: { ...scripts, "/tls/ca.crt": tls.authority, "/tls/tls.crt": tls.certificate, "/tls/tls.key": tls.key },
          env: { VOTER_MEMBER: member, VOTER_SETTINGS: JSON.stringify(settings) },
        }),
      );
    await Promise.all([...voters.values()].map((voter) => voter.printed(/watches/)));
  }

  const loseTheLeader = () => void listener?.close();
  const leader = () => etcd.ctl("get", "--print-value-only", leaderKey);
  const votes = () => etcd.ctl("get", "--prefix", "--keys-only", "/dify-ha-votes/");
  const voted = (member: string) => voters.get(member)?.printed(/vote against/);

  it("end the term of a leader that two of three cannot reach", async () => {
    await start("postgres-1", "postgres-2");
    loseTheLeader();
    await expect.poll(leader, { timeout: 15_000 }).toBe("");
    const told = [...voters.values()].map(({ output }) => output).join("");
    expect(told).toContain("postgres-0 leads no more: votes of postgres-1, postgres-2");
  }, 40_000);

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
    await etcd.ctl("put", "/dify-ha-votes/dify/postgres-2", old);
    await delay(1000);
    expect(await leader()).toBe("postgres-0");
  }, 40_000);

  it("let nobody vote when the cluster is paused for maintenance", async () => {
    await etcd.ctl("put", "/dify-ha/dify/config", JSON.stringify({ pause: true }));
    await start("postgres-1", "postgres-2");
    loseTheLeader();
    await delay(2000);
    expect(await leader()).toBe("postgres-0");
    expect(await votes()).toBe("");
  }, 40_000);
});

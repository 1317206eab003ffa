import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { poolerLost } from "../../../components/postgres/clientPath.ts";
import { membersOf, poolerHost } from "../../../components/postgres/layout.ts";
import { openNetwork, runInDebian, startInDebian, usesDebian, type RunningProgram } from "../../support/debian.ts";
import { proxyProgram } from "../../support/postgresProxy.ts";
import {
  cluster,
  issueClusterCertificates,
  smallSettings,
  tlsVolume,
  type Party,
} from "../../support/postgresSample.ts";
import { ask, member, nameServer, pooler, talk } from "../../support/proxyParties.ts";
import type { Certificate } from "../../support/servers/certificates.ts";

usesDebian();

describe("the proxy of a node", { timeout: 60_000 }, () => {
  let running: RunningProgram[] = [];
  let network: Awaited<ReturnType<typeof openNetwork>>;
  let certificates: Record<Party, Certificate>;
  let names: RunningProgram | undefined;

  beforeAll(async () => void (certificates = await issueClusterCertificates()));
  beforeEach(async () => void (network = await openNetwork()));
  afterEach(async () => {
    for (const program of running) program.kill();
    await Promise.all(running.map(({ ended }) => ended));
    running = [];
    await network.close();
  });

  async function python(program: string, ...args: string[]): Promise<RunningProgram> {
    const files = { "/opt/program.py": program, ...tlsVolume("/tls", certificates.postgres) };
    const started = startInDebian({ argv: ["python3", "/opt/program.py", ...args], files, network });
    running.push(started);
    await started.printed(/serves|127/);
    return started;
  }

  const runs = (address: string, role: "/primary" | "/replica", state = "running") =>
    python(member, address, role, state);

  /** Tells the addresses of members and poolers, in place of what was told before. */
  async function tell(members: readonly string[], poolers: readonly string[] = []): Promise<void> {
    names?.kill();
    await names?.ended;
    const known = membersOf("members", members.length, cluster).map(({ host }, i) => `${host}=${members[i]}`);
    names = await python(
      nameServer,
      ...known,
      ...(poolers.length > 0 ? [`${poolerHost(cluster)}=${poolers.join()}`] : []),
    );
  }

  async function startProxy(): Promise<RunningProgram> {
    const { argv, files } = proxyProgram(smallSettings(), {
      address: "127.0.0.1",
      authority: certificates.postgres.authority,
    });
    const proxy = startInDebian({
      argv,
      user: "haproxy",
      files: { ...files, "/etc/resolv.conf": "nameserver 127.0.0.53\n" },
      network,
      graceSeconds: 1,
    });
    running.push(proxy);
    await proxy.printed(/Loading success/);
    return proxy;
  }

  /** Who answers on a port of the proxy within some seconds: an address, or "" for nobody. */
  const whoAnswers = async (port: number, seconds = 5) =>
    (
      await runInDebian({
        argv: ["python3", "/opt/ask.py", `${port}`, `${seconds}`],
        files: { "/opt/ask.py": ask },
        network,
      })
    ).stdout;

  /** From now on nothing comes from an address, and nothing reaches it: not even a word that says so. */
  async function silent(address: string): Promise<void> {
    const rules = `table ip silent { chain input { type filter hook input priority 0; ip saddr ${address} drop; ip daddr ${address} drop; }; }`;
    const { exitCode, stderr } = await runInDebian({ argv: ["nft", rules], network });
    expect(exitCode, stderr).toBe(0);
  }

  it("leads to the primary and to standbys, and follows a primary to another address", async () => {
    const old = await runs("127.0.2.1", "/primary");
    await runs("127.0.2.2", "/replica");
    await tell(["127.0.2.1", "127.0.2.2"]);
    await startProxy();
    await expect.poll(() => whoAnswers(5000), { timeout: 20_000 }).toBe("127.0.2.1");
    await expect.poll(() => whoAnswers(5001), { timeout: 20_000 }).toBe("127.0.2.2");

    old.kill();
    await old.ended;
    await runs("127.0.2.9", "/primary");
    await tell(["127.0.2.9", "127.0.2.2"]);
    await expect.poll(() => whoAnswers(5000), { timeout: 20_000 }).toBe("127.0.2.9");
  });

  it("leads nobody to a standby, not even before its first health check", async () => {
    await runs("127.0.2.1", "/replica");
    await runs("127.0.2.2", "/replica");
    await runs("127.0.2.3", "/primary");
    await tell(["127.0.2.1", "127.0.2.2", "127.0.2.3"]);
    await startProxy();
    const answers = await Promise.all(Array.from({ length: 5 }, () => whoAnswers(5000)));
    expect(new Set(answers)).toEqual(new Set(["127.0.2.3"]));
  });

  it("starts and waits when the names of all are not there yet", async () => {
    await startProxy();
    const answer = whoAnswers(5000, 10);
    await runs("127.0.2.1", "/primary");
    await tell(["127.0.2.1"]);
    expect(await answer).toBe("127.0.2.1");
  });

  it.each([
    ["has died", "dead"],
    ["is being stopped, while its port is still open", "stopping"],
    ["is being promoted, and only reads until then", "promoting"],
  ])("lets a connection wait, not fail, while the primary %s", async (_, state) => {
    const old = await runs("127.0.2.1", "/primary");
    await runs("127.0.2.2", "/replica");
    await tell(["127.0.2.1", "127.0.2.2"]);
    await startProxy();
    await expect.poll(() => whoAnswers(5000), { timeout: 20_000 }).toBe("127.0.2.1");
    old.kill();
    await old.ended;
    if (state !== "dead") await runs("127.0.2.1", "/primary", state);
    const answer = whoAnswers(5000, 10);
    await delay(3000);
    await runs("127.0.2.9", "/primary");
    await tell(["127.0.2.9", "127.0.2.2"]);
    expect(await answer).toBe("127.0.2.9");
  });

  it("ends connections to a pooler that is silent, and leads new ones elsewhere", async () => {
    await python(pooler, "127.0.4.1");
    await python(pooler, "127.0.4.2");
    await tell([], ["127.0.4.1", "127.0.4.2"]);
    await startProxy();
    const clients = await Promise.all(Array.from({ length: 4 }, () => python(talk)));
    const [lost, kept] = ["127.0.4.1", "127.0.4.2"].map((a) => clients.filter(({ output }) => output.includes(a)));
    expect([lost?.length, kept?.length]).toEqual([2, 2]);

    await silent("127.0.4.1");
    await Promise.all(lost?.map((client) => client.printed(/ended/)) ?? []);
    for (const client of lost ?? [])
      expect(Number(/ended after ([\d.]+)/.exec(client.output)?.[1])).toBeLessThan(poolerLost + 1);
    const next = await Promise.all(Array.from({ length: 4 }, () => python(talk)));
    expect(next.every(({ output }) => output.startsWith("127.0.4.2"))).toBe(true);
    expect(kept?.some(({ output }) => output.includes("ended"))).toBe(false);
  });

  it("leaves connections to a pooler that takes no more of them until the pooler ends them", async () => {
    const ending = await python(pooler, "127.0.4.1");
    await tell([], ["127.0.4.1"]);
    await startProxy();
    const client = await python(talk);
    await python(pooler, "127.0.4.2");
    await tell([], ["127.0.4.1", "127.0.4.2"]);
    ending.signal("USR1");
    await delay(4000);
    expect((await python(talk)).output).toContain("127.0.4.2");
    expect(client.output).not.toContain("ended");
    ending.kill();
    await client.printed(/ended/);
  });

  it("keeps its connections when another takes its place, and takes no more", async () => {
    await python(pooler, "127.0.4.1");
    await tell([], ["127.0.4.1"]);
    const proxy = await startProxy();
    const client = await python(talk);
    proxy.signal("USR1");
    await expect.poll(() => whoAnswers(6432, 1).catch(() => ""), { timeout: 10_000 }).toBe("");
    const before = client.output.length;
    await delay(1000);
    expect(client.output.length).toBeGreaterThan(before);
    expect(client.output).not.toContain("ended");
    client.kill();
    expect((await proxy.ended).exitCode).toBe(0);
  });

  it("says that it is well, and what it sees, whoever is primary", async () => {
    await startProxy();
    const get = async (path: string) =>
      (await runInDebian({ argv: ["curl", "-s", `http://127.0.0.1:8404${path}`], network })).stdout;
    expect(await get("/healthz")).toContain("200");
    expect(await get("/metrics")).toContain('haproxy_server_status{proxy="primary",server="postgres-0"');
  });
});

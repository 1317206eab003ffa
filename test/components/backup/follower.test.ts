import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BackupStore, backups } from "../../support/backupStore.ts";
import { declareBackups } from "../../support/backupSample.ts";
import { openNetwork, usesDebian, type DebianResult, type RunningProgram } from "../../support/debian.ts";
import { at, find, type Declared } from "../../support/mocks.ts";
import { NamedNetwork } from "../../support/namedNetwork.ts";
import { addressOf, areas, storeHosts } from "../../support/postgresSample.ts";
import { containerProgram, podSpec } from "../../support/renderedPod.ts";
import { issueCertificates, type Certificate } from "../../support/servers/certificates.ts";

usesDebian();

/** An object as its writer knows it: acknowledged at a time, in seconds since 1970. */
interface Written {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly at: number;
}

/**
 * Writes as Dify does, an object after the other, until it is ended or the store is gone: small ones with names of all kinds, empty ones, and now and then
 * one in parts. A line for each that was acknowledged.
 */
const writer = `
import boto3, botocore.config, hashlib, io, json, os, random, sys, time
client = boto3.client("s3", endpoint_url=sys.argv[1], config=botocore.config.Config(retries={"max_attempts": 0}, read_timeout=10))
name = ["upload_files/with spaces & signs+%41?#.txt", "upload_files/Übergrößen/文档 é.pdf", "tools/plain.bin", "empty/none.txt"]
number = 0
while True:
    body = b"" if number % 4 == 3 else random.randbytes(64 << 20) if number % 150 == 20 else random.randbytes(random.randrange(1, 40000))
    key = f"{number:05}/{name[number % 4]}"
    try:
        if len(body) > 1 << 20:
            client.upload_fileobj(io.BytesIO(body), "dify-files", key)
        else:
            client.put_object(Bucket="dify-files", Key=key, Body=body, ContentType="text/x-test")
    except Exception as error:
        print("ended:", error, file=sys.stderr)
        break
    print(json.dumps({"key": key, "sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body), "at": time.time()}), flush=True)
    number += 1
    time.sleep(0.1)
`;

/** SHA-256 of every object under a prefix of a bucket, read to its end. */
const reader = `
import boto3, hashlib, json, sys
endpoint, bucket, prefix = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint)
found = {}
for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
    for each in page.get("Contents", []):
        body = client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        found[each["Key"].removeprefix(prefix)] = hashlib.sha256(body).hexdigest()
print(json.dumps(found))
`;

/** The follower as the program declares it, with two real MinIO sites. One after another. */
describe("files on their way to the second site", { timeout: 180_000 }, () => {
  let network: Awaited<ReturnType<typeof openNetwork>>;
  let named: NamedNetwork;
  let minio: Certificate;
  let stores: readonly [BackupStore, BackupStore];
  let resources: Declared[];
  let folders: Record<"source" | "target" | "state", string>;
  let servers: [RunningProgram, RunningProgram];

  beforeAll(async () => {
    network = await openNetwork();
    ({ minio } = await issueCertificates({ minio: storeHosts }));
    named = new NamedNetwork(
      network,
      storeHosts.map((host, i) => `${addressOf(areas.stores, i)} ${host}`),
    );
    stores = [new BackupStore(named, minio, 0), new BackupStore(named, minio, 1)];
    resources = await declareBackups({ authority: minio.authority });
    const made = await Promise.all(["source", "target", "state"].map((name) => mkdtemp(join(tmpdir(), `${name}-`))));
    await Promise.all(made.map((folder) => chmod(folder, 0o777)));
    folders = { source: made[0] ?? "", target: made[1] ?? "", state: made[2] ?? "" };
    servers = [await stores[0].start([], folders.source), await stores[1].start([], folders.target)];
  }, 180_000);
  afterAll(async () => {
    await named.stop();
    await network.close();
    for (const folder of Object.values(folders)) await rm(folder, { recursive: true });
  });

  const succeeded = (result: DebianResult) => expect(result.exitCode, result.stderr + result.stdout).toBe(0);
  const login = (user: string) => ({
    AWS_ACCESS_KEY_ID: user,
    AWS_SECRET_ACCESS_KEY: `secret-key-of-${user}`,
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_CA_BUNDLE: "/etc/test/ca.crt",
  });
  const trust = () => ({ "/etc/test/ca.crt": minio.authority });
  const endpoint = (site: 0 | 1) => `https://${storeHosts[site]}:9000`;

  function follower(env: Record<string, string> = {}) {
    const rendered = containerProgram(resources, podSpec(resources, "Deployment", "objects-follower"), "follow");
    return {
      ...rendered,
      env: { ...rendered.env, LIST: "5", GRACE: "8", STATE: "/state/state.json", ...env },
      folders: { "/state": folders.state },
    };
  }
  const start = (env?: Record<string, string>) => named.start(`follower-${randomUUID()}`, follower(env));
  const probe = async (what: "alive" | "ready") =>
    named.run({ ...follower(), argv: [...follower().argv, what] as [string, ...string[]] });

  async function until(what: string, test: () => Promise<boolean>, seconds = 60): Promise<void> {
    for (const end = Date.now() + seconds * 1000; !(await test()); await delay(500))
      if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
  }
  const copied = async (key: string) =>
    (await stores[1].mc(["cat", `store/${backups.bucket}/followed/objects/dify-files/${key}`])).stdout;
  const versions = async (key: string) => {
    const { stdout } = await stores[1].mc([
      ...["ls", "--versions", "--json"],
      `store/${backups.bucket}/followed/objects/dify-files/${key}`,
    ]);
    return stdout
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { isDeleteMarker?: boolean; versionId: string });
  };

  async function contents(site: 0 | 1, bucket: string, prefix: string): Promise<Record<string, string>> {
    const result = await named.run({
      argv: ["python3", "-c", reader, endpoint(site), bucket, prefix],
      env: login("backups"),
      files: trust(),
      timeoutSeconds: 120,
    });
    succeeded(result);
    return JSON.parse(result.stdout) as Record<string, string>;
  }

  /** Until when the second site has all, by the newest mark there; seconds since 1970. */
  async function newestMark(): Promise<number> {
    const { stdout } = await stores[1].mc(["find", `store/${backups.bucket}/followed/marks`]);
    const newest = stdout.trim().split("\n").toSorted().at(-1) ?? "";
    const text = (await stores[1].mc(["cat", newest])).stdout;
    return Date.parse((JSON.parse(text) as { instant: string }).instant) / 1000;
  }

  function restore(instant: Date): Promise<DebianResult> {
    const rendered = containerProgram(resources, podSpec(resources, "CronJob", "restore-objects"), "objects");
    const target = { RECORD: "", FROM: "OFFSITE", INSTANT: instant.toISOString().replace(/\.\d+/, "") };
    return named.run({ ...rendered, env: { ...rendered.env, STEP: "restore", ...target }, timeoutSeconds: 120 });
  }

  it("runs once, is restarted when it stalls, and says to what it is held", () => {
    const { inputs } = find(resources, "Deployment", "objects-follower");
    expect(at(inputs, "spec.replicas")).toBe(1);
    expect(at(inputs, "spec.strategy.type")).toBe("Recreate");
    expect(at(inputs, "spec.template.metadata.annotations")).toMatchObject({ "dify-ha/followed-within": "60" });
    const shown = JSON.stringify(inputs);
    expect(shown).not.toContain("secret-key-of");
  });

  it("copies what was there before and what comes, keeps what is overwritten, and deletes late and by a marker", async () => {
    succeeded(await stores[0].put("dify-files", "before/a b ü.txt", "before", "dify"));
    const running = start();
    await running.printed(/all is there/, 60);
    expect(await copied("before/a b ü.txt")).toBe("before");
    succeeded(await stores[0].put("dify-files", "changed.txt", "first", "dify"));
    await until("first", async () => (await copied("changed.txt")) === "first", 10);
    succeeded(await stores[0].put("dify-files", "changed.txt", "other", "dify"));
    await until("other", async () => (await copied("changed.txt")) === "other", 10);
    succeeded(await stores[0].mc(["rm", "store/dify-files/changed.txt"], { user: "dify" }));
    expect(await copied("changed.txt")).toBe("other");
    await until("marker", async () => (await versions("changed.txt")).some(({ isDeleteMarker }) => isDeleteMarker), 40);
    const [, other, first] = await versions("changed.txt");
    const path = `store/${backups.bucket}/followed/objects/dify-files/changed.txt`;
    for (const [version, text] of [
      [other, "other"],
      [first, "first"],
    ] as const)
      expect((await stores[1].mc(["cat", "--version-id", version?.versionId ?? "", path])).stdout).toBe(text);
    // Locked as everything there, also for who has its keys.
    const refused = await stores[1].mc(["rm", "--version-id", first?.versionId ?? "", path], { user: "backups" });
    expect(refused.exitCode).not.toBe(0);
    // Nothing is copied twice.
    expect(await versions("before/a b ü.txt")).toHaveLength(1);
    succeeded(await probe("ready"));
    succeeded(await probe("alive"));
    running.signal("TERM");
    expect((await running.ended).exitCode).toBe(0);
  });

  it("has the files of an instant, also what was overwritten since", async () => {
    const running = start();
    await running.printed(/all is there/, 60);
    succeeded(await stores[0].put("dify-files", "at the instant.txt", "then", "dify"));
    await delay(1100);
    const instant = new Date();
    await until("a mark after it", async () => (await newestMark()) * 1000 >= instant.getTime(), 60);
    await delay(1100);
    succeeded(await stores[0].put("dify-files", "at the instant.txt", "later", "dify"));
    succeeded(await stores[0].put("dify-files", "later.txt", "later", "dify"));
    await until(
      "both",
      async () => (await copied("at the instant.txt")) + (await copied("later.txt")) === "laterlater",
    );
    running.signal("TERM");
    await running.ended;
    const result = await restore(instant);
    succeeded(result);
    expect(result.stdout).toContain("dify-files as it was followed by OFFSITE, with all that was acknowledged until");
    expect((await stores[0].mc(["cat", "store/dify-files/at the instant.txt"])).stdout).toBe("then");
    expect((await stores[0].mc(["stat", "store/dify-files/later.txt"])).exitCode).not.toBe(0);
  });

  it("loses nothing that the second site has said to have, though it is killed, the second site goes away, and the first is lost", async () => {
    const writing = named.start("writer", {
      argv: ["python3", "-c", writer, endpoint(0)],
      env: login("dify"),
      files: trust(),
    });
    let running = start();
    await delay(12_000);
    running.kill();
    await running.ended;
    await delay(4000);
    running = start();
    await delay(8000);
    servers[1].kill();
    await servers[1].ended;
    await delay(8000);
    servers[1] = await stores[1].start([], folders.target);
    await running.printed(/copies of dify-files: goes on/, 90);
    await until("ready", async () => (await probe("ready")).exitCode === 0, 60);
    await delay(15_000);
    const lost = Date.now() / 1000;
    servers[0].kill();
    await writing.ended;
    await delay(5000);
    running.kill();
    const mark = await newestMark();
    const there = await contents(1, backups.bucket, "followed/objects/dify-files/");
    const written = writing.output
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Written);
    const missing = written.filter(({ key, sha256 }) => there[key] !== sha256);
    const promised = written.filter(({ at: time }) => time <= mark);
    process.stderr.write(
      `${written.length} acknowledged, ${missing.length} missing, the oldest ${(lost - (missing[0]?.at ?? lost)).toFixed(1)} s before the loss; newest mark ${(lost - mark).toFixed(1)} s before it, ${promised.length} until then\n`,
    );
    expect(promised.length).toBeGreaterThan(100);
    for (const bytes of [0, 64 << 20]) expect(promised.map((each) => each.bytes)).toContain(bytes);
    expect(missing.filter(({ at: time }) => time <= mark)).toEqual([]);
    expect(lost - mark).toBeLessThan(60);
  });

  it("gives a new site all of it, which does not take it for deleted meanwhile", async () => {
    const before = await contents(1, backups.bucket, "followed/objects/dify-files/");
    servers[0] = await stores[0].start();
    const running = start();
    await running.printed(/all is there/, 60);
    // Twice as long as deletions wait.
    await delay(16_000);
    expect(Object.keys(await contents(1, backups.bucket, "followed/objects/dify-files/"))).toHaveLength(
      Object.keys(before).length,
    );
    const result = await restore(new Date(Date.now() + 30_000));
    succeeded(result);
    expect(result.stdout).toContain("dify-files as it was followed by OFFSITE");
    expect(await contents(0, "dify-files", "")).toEqual(before);
  });
});

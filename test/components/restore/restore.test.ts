import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { backups } from "../../support/backupStore.ts";
import { declareBackups } from "../../support/backupSample.ts";
import { usesDebian, type DebianResult } from "../../support/debian.ts";
import type { Declared } from "../../support/mocks.ts";
import { storeHosts } from "../../support/postgresSample.ts";
import { containerProgram, podSpec } from "../../support/renderedPod.ts";
import { issueCertificates } from "../../support/servers/certificates.ts";
import { TwoSites } from "../../support/twoSites.ts";

usesDebian();

const redisHosts = [0, 1].map((i) => `redis-${i}.dify-data.svc.cluster.local`);
const redisPassword = "a password of redisPassword";
const record = "20261122T020000Z-3f9c";

/** The jobs of a restore as the program declares them, with real servers: two MinIO sites, a Redis master and its replica. One after another. */
describe("the jobs of a restore", { timeout: 120_000 }, () => {
  let sites: TwoSites;
  let stores: TwoSites["stores"];
  let resources: Declared[];
  let instant: string;

  beforeAll(async () => {
    const { minio } = await issueCertificates({ minio: storeHosts });
    sites = await TwoSites.start(
      minio,
      redisHosts.map((host, i) => `127.0.6.${i + 1} ${host}`),
    );
    stores = sites.stores;
    resources = await declareBackups({ authority: minio.authority });
  }, 120_000);
  afterAll(() => sites.stop());
  beforeEach(() => sites.emptyOutbox());

  const succeeded = (result: DebianResult) => expect(result.exitCode, result.stderr + result.stdout).toBe(0);

  function run(job: string, container: string, env: Record<string, string> = {}, files: Record<string, string> = {}) {
    const rendered = containerProgram(resources, podSpec(resources, "CronJob", job), container);
    return sites.named.run({
      ...rendered,
      env: { ...rendered.env, ...env },
      files: { ...rendered.files, ...files },
      folders: { "/outbox": sites.outbox },
      timeoutSeconds: 100,
    });
  }

  describe("of buckets", () => {
    const objects = (env: Record<string, string>, files?: Record<string, string>) =>
      run("restore-objects", "objects", { STEP: "restore", RECORD: "", FROM: "LIVE", INSTANT: instant, ...env }, files);
    const put = (key: string, text: string) => stores[0].put("dify-files", key, text, "dify");

    async function contents(): Promise<Record<string, string>> {
      const { stdout } = await stores[0].mc(["find", "store/dify-files"]);
      const keys = stdout.trim().split("\n").filter(Boolean);
      const texts = await Promise.all(keys.map(async (key) => (await stores[0].mc(["cat", key])).stdout));
      return Object.fromEntries(keys.map((key, i) => [key.replace("store/dify-files/", ""), texts[i] ?? ""]));
    }

    const before = { "upload_files/one file.txt": "first", "upload_files/two.txt": "second", "untouched.txt": "same" };

    async function change(): Promise<void> {
      await put("upload_files/one file.txt", "other");
      await put("upload_files/later.txt", "later");
      await stores[0].mc(["rm", "store/dify-files/upload_files/two.txt"], { user: "dify" });
    }

    it("puts back what was changed or deleted, takes away what came later, and leaves the rest alone", async () => {
      for (const [key, text] of Object.entries(before)) await put(key, text);
      await stores[0].put("dify-plugins", "a.difypkg", "a plugin", "plugins");
      await delay(1100);
      instant = new Date().toISOString().replace(/\.\d+/, "");
      // The copies of a coordinated backup of the same instant, too.
      succeeded(await run("objects-copy", "copy", { RUN: record, INSTANT: instant }));
      await delay(1100);
      await change();
      const checked = await objects({ STEP: "check" });
      expect(checked.exitCode).toBe(1);
      // By size: of the file that was changed, only the restore itself sees that it is younger.
      expect(checked.stderr).toContain("1 objects are missing or of another size, 1 are others");
      const result = await objects({});
      succeeded(result);
      expect(await contents()).toEqual(before);
      expect(result.stdout).toContain("dify-files has the 3 objects of that instant, 15 bytes");
      const versions = await stores[0].mc(["ls", "--versions", "store/dify-files/untouched.txt"]);
      expect(versions.stdout.trim().split("\n")).toHaveLength(1);
      const kept = await stores[0].mc(["ls", "--versions", "store/dify-files/upload_files/later.txt"]);
      expect(kept.stdout).toContain("PUT");
      succeeded(await objects({ STEP: "check" }));
    });

    it("sends nothing again when it is repeated", async () => {
      const result = await objects({});
      succeeded(result);
      const versions = await stores[0].mc(["ls", "--versions", "store/dify-files/upload_files/one file.txt"]);
      expect(versions.stdout.trim().split("\n")).toHaveLength(3);
    });

    it("takes a record's copies off site when the bucket's own versions are gone", async () => {
      await stores[0].mc(["rm", "--recursive", "--versions", "--force", "store/dify-files"]);
      expect(await contents()).toEqual({});
      succeeded(await objects({ FROM: "OFFSITE", RECORD: record }));
      expect(await contents()).toEqual(before);
      await change();
      // A later copy, of which nothing may come back.
      succeeded(await run("objects-copy", "copy"));
      const result = await objects({ FROM: "CLUSTER", RECORD: record });
      succeeded(result);
      expect(await contents()).toEqual(before);
    });

    it("takes the newest copy that is as old as the instant", async () => {
      await change();
      const later = new Date(Date.now() + 1000).toISOString().replace(/\.\d+/, "");
      succeeded(await objects({ FROM: "OFFSITE", INSTANT: later }));
      expect(await contents()).toEqual({
        "untouched.txt": "same",
        "upload_files/one file.txt": "other",
        "upload_files/later.txt": "later",
      });
      const early = await objects({ FROM: "OFFSITE", INSTANT: "2020-01-01T00:00:00Z" });
      expect(early.exitCode).toBe(1);
      expect(early.stderr).toContain("OFFSITE has no copy that is as old as 2020-01-01T00:00:00Z");
    });

    it("empties no bucket by mistake, and changes nothing when a site is away", async () => {
      const early = await objects({ INSTANT: "2020-01-01T00:00:00Z" });
      expect(early.stderr).toContain(
        "nothing was in dify-files at 2020-01-01T00:00:00Z, and all that is there now would go",
      );
      const looked = await objects({ STEP: "look", FROM: "OFFSITE", RECORD: record });
      succeeded(looked);
      expect(looked.stdout).toContain("dify-files: 3 objects can be had");
      const away = await objects({ FROM: "OFFSITE", RECORD: record }, sites.named.without(storeHosts[1]));
      expect(away.exitCode).toBe(1);
      expect(Object.keys(await contents())).toHaveLength(3);
    });
  });

  it("has a bundle of secrets that the pass phrase alone opens", async () => {
    await writeFile(join(sites.outbox, "difySecretKey"), "what Dify encrypts with");
    succeeded(await run("secrets-bundle", "upload"));
    const { env = {}, files = {} } = containerProgram(
      resources,
      podSpec(resources, "CronJob", "restore-objects"),
      "objects",
    );
    const site = Object.entries(env).map(([name, value]) => [name.replace("_OFFSITE_", "_SITE_"), value] as const);
    const open = (passphrase: string) =>
      sites.named.run({
        argv: ["sh", "-c", "sh /opt/open-bundle.sh /tmp/opened && cat /tmp/opened/difySecretKey"],
        env: { ...Object.fromEntries(site), BUCKET: backups.bucket },
        files: { ...files, "/opt/open-bundle.sh": readFileSync("scripts/restore/open-bundle.sh", "utf8") },
        stdin: `${passphrase}\n`,
      });
    expect((await open("a password of recoveryPassphrase")).stdout).toMatch(/what Dify encrypts with$/);
    const other = await open("another");
    expect(other.exitCode).toBe(1);
    expect(other.stderr).toContain("is it the right pass phrase?");
  });

  describe("of Redis", () => {
    function start(index: number): void {
      const replica = index > 0 ? ["--replicaof", redisHosts[0] ?? "", "6379", "--masterauth", redisPassword] : [];
      const address = ["--bind", `127.0.6.${index + 1}`, "--requirepass", redisPassword, "--dir", "/tmp"];
      sites.named.start(redisHosts[index] ?? "", { argv: ["redis-server", ...address, ...replica] });
    }
    async function redis(host: number, ...args: string[]): Promise<string> {
      const { stdout } = await sites.named.run({
        argv: ["redis-cli", "-h", redisHosts[host] ?? "", ...args],
        env: { REDISCLI_AUTH: redisPassword },
      });
      return stdout.trim();
    }
    const fetch = (env: Record<string, string>) =>
      run("restore-redis", "fetch", { SITE: "CLUSTER", NAME: "", INSTANT: "2099-01-01T00:00:00Z", ...env });
    const load = () => run("restore-redis", "load", { STEP: "restore" });

    it("gives the master the keys of a snapshot, in every database and with their times, and its replica follows", async () => {
      for (const i of [0, 1]) start(i);
      await sites.named.running.get(redisHosts[1] ?? "")?.printed(/Finished with success/);
      await redis(0, "set", "a key", "binary \u0001 text\nand more");
      await redis(0, "set", "ends", "soon", "EX", "1000");
      await redis(0, "rpush", "celery", "task 1", "task 2");
      await redis(0, "-n", "1", "set", "of one", "1");
      await redis(0, "eval", "for i = 1, 3000 do redis.call('SET', 'many:' .. i, i) end", "0");
      succeeded(await run("redis-rdb", "snapshot"));
      succeeded(await run("redis-rdb", "upload"));
      await redis(0, "set", "later", "is gone");
      await redis(0, "del", "a key");
      await sites.emptyOutbox();
      succeeded(await fetch({ SITE: "OFFSITE" }));
      const began = Date.now();
      const result = await load();
      succeeded(result);
      process.stderr.write(`${result.stdout}in ${Date.now() - began} ms\n`);
      expect(result.stdout).toContain("has 3004 keys, the snapshot has 3004");
      expect(await redis(0, "get", "a key")).toBe("binary \u0001 text\nand more");
      expect(await redis(0, "exists", "later")).toBe("0");
      expect(Number(await redis(0, "ttl", "ends"))).toBeGreaterThan(900);
      expect(await redis(0, "-n", "1", "get", "of one")).toBe("1");
      expect(await redis(0, "wait", "1", "5000")).toBe("1");
      expect(await redis(1, "lrange", "celery", "0", "-1")).toBe("task 1\ntask 2");
    });

    it("changes nothing when there is no snapshot, it is damaged, or the pass phrase is another", async () => {
      const none = await fetch({ INSTANT: "2020-01-01T00:00:00Z" });
      expect(none.exitCode).toBe(1);
      expect(none.stderr).toContain(
        "CLUSTER has no whole backup that is as old as 2020-01-01T00:00:00Z in: redis coordinated",
      );
      expect((await fetch({ CIPHER_CLUSTER: "another" })).exitCode).toBe(1);
      expect((await load()).stderr).toContain("is no whole snapshot");
      expect(await redis(0, "dbsize")).toBe("3003");
    });
  });
});

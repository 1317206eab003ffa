import { randomBytes } from "node:crypto";
import { readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { etcdArguments } from "../../../components/postgres/etcdConfig.ts";
import { certificateNames, hostOf, membersOf, paths } from "../../../components/postgres/layout.ts";
import { backups, storeBuckets, type BackupStore } from "../../support/backupStore.ts";
import { usesDebian, type DebianResult } from "../../support/debian.ts";
import type { Declared } from "../../support/mocks.ts";
import { addressOf, areas, cluster, storeHosts, tlsVolume } from "../../support/postgresSample.ts";
import { containerProgram, podSpec } from "../../support/renderedPod.ts";
import { onSmallVolume } from "../../support/smallVolume.ts";
import { issueCertificates, type Certificate } from "../../support/servers/certificates.ts";
import { mountsOf } from "../../support/servers/server.ts";
import { declareBackups } from "../../support/backupSample.ts";
import { TwoSites } from "../../support/twoSites.ts";

usesDebian();

const redisHosts = [0, 1].map((i) => `redis-${i}.dify-data.svc.cluster.local`);
const redisPassword = "a password of redisPassword";

/** Jobs as the program declares them, with real servers: two MinIO sites, a Redis master with its replica, etcd. One after another. */
describe("what is carried to the sites", { timeout: 120_000 }, () => {
  let certificates: Record<"minio" | "etcd" | "postgres-backup", Certificate>;
  let sites: TwoSites;
  let stores: TwoSites["stores"];
  let resources: Declared[];

  beforeAll(async () => {
    certificates = await issueCertificates({
      minio: storeHosts,
      etcd: certificateNames("etcd", cluster),
      "postgres-backup": [],
    });
    sites = await TwoSites.start(certificates.minio, [
      ...redisHosts.map((host, i) => `127.0.6.${i + 1} ${host}`),
      `${addressOf(areas.etcd, 0)} ${hostOf("etcd", cluster)} ${membersOf("etcd", 1, cluster)[0]?.host}`,
    ]);
    stores = sites.stores;
    const endpoints = [`https://${hostOf("etcd", cluster)}:2379`, "https://127.0.9.9:2379"];
    resources = await declareBackups({
      authority: certificates.minio.authority,
      backup: { clusterEtcd: { endpoints, secret: "postgres-backup-tls" } },
    });
  }, 120_000);
  afterAll(() => sites.stop());
  beforeEach(() => sites.emptyOutbox());

  const succeeded = (result: DebianResult) => expect(result.exitCode, result.stderr + result.stdout).toBe(0);

  type Change = { readonly env?: Record<string, string>; readonly files?: Record<string, string> };
  function run(job: string, container: string, { env, files }: Change = {}): Promise<DebianResult> {
    const rendered = containerProgram(resources, podSpec(resources, "CronJob", job), container);
    return sites.named.run({
      ...rendered,
      env: { ...rendered.env, ...env },
      files: { ...rendered.files, ...tlsVolume(paths.tls, certificates["postgres-backup"]), ...files },
      // As in the pod: who takes the backup may write, who looks at it may not.
      ...(container === "snapshot" && { folders: { "/outbox": sites.outbox } }),
      mounts: { ...mountsOf("etcdctl"), ...(container !== "snapshot" && { "/outbox": sites.outbox }) },
      timeoutSeconds: 100,
    });
  }

  /** Objects of the bucket of backups. */
  async function listed(store: BackupStore, folder: string): Promise<string[]> {
    const { stdout } = await store.mc(["find", `store/${backups.bucket}/${folder}`]);
    return stdout.trim().split("\n").filter(Boolean);
  }

  /** What a backup is once it is decrypted, as a restore does it. */
  function decrypted(site: 0 | 1, path: string): Promise<DebianResult> {
    const { env, files, user } = containerProgram(resources, podSpec(resources, "CronJob", "redis-rdb"), "upload");
    const remote = site === 0 ? "CLUSTER" : "OFFSITE";
    return sites.named.run({
      argv: [
        "sh",
        "-c",
        `export RCLONE_CONFIG_VAULT_PASSWORD=$(printf %s "$CIPHER_${remote}" | rclone obscure -); rclone cat "vault:${path}"`,
      ],
      env: {
        ...env,
        RCLONE_CONFIG_VAULT_TYPE: "crypt",
        RCLONE_CONFIG_VAULT_FILENAME_ENCRYPTION: "off",
        RCLONE_CONFIG_VAULT_DIRECTORY_NAME_ENCRYPTION: "false",
        RCLONE_CONFIG_VAULT_REMOTE: `${remote}:${backups.bucket}`,
      },
      files,
      user,
    });
  }

  it("is encrypted at each, comes with checksums, and can be read with the site's key alone", async () => {
    await writeFile(join(sites.outbox, "some.data"), "what must be kept");
    succeeded(await run("redis-rdb", "upload"));
    for (const [i, store] of stores.entries()) {
      const objects = await listed(store, "redis");
      expect(objects.map((path) => path.split("/").at(-1)).toSorted()).toEqual(["SHA256SUMS.bin", "some.data.bin"]);
      const path = objects.find((object) => object.endsWith("some.data.bin")) ?? "";
      expect((await store.mc(["cat", path])).stdout).not.toContain("must be kept");
      const name = path.replace(`store/${backups.bucket}/`, "").replace(/\.bin$/, "");
      expect((await decrypted(i as 0 | 1, name)).stdout).toBe("what must be kept");
    }
  });

  it("lets older ones go only when something newer has arrived", async () => {
    await writeFile(join(sites.outbox, "newer.data"), "newer");
    const away = await run("redis-rdb", "upload", {
      env: { KEEP_DAYS: "0" },
      files: sites.named.without(storeHosts[1]),
    });
    expect(away.exitCode).toBe(1);
    expect(away.stderr).toContain("OFFSITE does not have the backup");
    expect((await listed(stores[1], "redis")).some((path) => path.endsWith("some.data.bin"))).toBe(true);
    expect((await listed(stores[0], "redis")).some((path) => path.endsWith("some.data.bin"))).toBe(false);
  });

  it("is refused when there is nothing", async () => {
    expect((await run("redis-rdb", "upload")).stderr).toContain("nothing is in /outbox");
  });

  it("says so when the access key is not valid any more", async () => {
    await writeFile(join(sites.outbox, "some.data"), "kept");
    const result = await run("redis-rdb", "upload", { env: { RCLONE_CONFIG_CLUSTER_SECRET_ACCESS_KEY: "expired" } });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/SignatureDoesNotMatch|403/);
    expect(result.stderr).toContain("CLUSTER does not have the backup");
  });

  describe("Redis", () => {
    const server = (i: number, ...args: string[]) =>
      sites.named.start(redisHosts[i] ?? "", {
        argv: [
          "redis-server",
          ...["--bind", `127.0.6.${i + 1}`, "--requirepass", redisPassword, "--masterauth", redisPassword],
          ...["--dir", "/tmp", "--repl-diskless-sync-delay", "0", ...args],
        ],
      });
    const cli = async (i: number, ...args: string[]) =>
      (
        await sites.named.run({
          argv: ["redis-cli", "-h", redisHosts[i] ?? "", ...args],
          env: { REDISCLI_AUTH: redisPassword },
        })
      ).stdout;

    beforeAll(async () => {
      await server(0).printed(/Ready to accept/);
      await cli(0, "set", "canary", "alive");
      await server(1, "--replicaof", redisHosts[0] ?? "", "6379").printed(
        /Finished with success|MASTER <-> REPLICA sync: Finished/,
      );
    });

    it("is taken from a replica, and checked", async () => {
      const result = await run("redis-rdb", "snapshot");
      succeeded(result);
      expect(result.stdout).toContain(`from ${redisHosts[1]}`);
      expect(result.stdout).toMatch(/1 keys read/);
      expect(await readdir(sites.outbox)).toEqual(["dump.rdb"]);
    });

    it("is taken from the master when there is no replica", async () => {
      sites.named.running.get(redisHosts[1] ?? "")?.kill();
      expect((await run("redis-rdb", "snapshot")).stdout).toContain(`from ${redisHosts[0]}`);
    });

    it("says so when the password is wrong", async () => {
      const result = await run("redis-rdb", "snapshot", { env: { REDISCLI_AUTH: "wrong" } });
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toContain("no server answers that has data");
    });

    it("says so when its volume is full", async () => {
      await cli(0, "set", "large", randomBytes(30_000).toString("base64"));
      const result = await onSmallVolume(sites.outbox, 16, () => run("redis-rdb", "snapshot"));
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toContain("did not send its data");
      expect(result.stderr).toMatch(/short write[^]*\/outbox is full, its size is redis.storage/);
    });
  });

  describe("etcd", () => {
    const impatient = { env: { ETCDCTL_COMMAND_TIMEOUT: "3s" } };

    beforeAll(async () => {
      const args = etcdArguments({
        members: membersOf("etcd", 1, cluster),
        name: "etcd-0",
        domain: hostOf("etcd", cluster),
        clientDomain: "dify-data.svc.cluster.local",
        dataDir: "/var/lib/etcd-test",
        tls: "/etc/etcd-tls",
        commonName: "etcd",
      });
      const etcd = sites.named.start("etcd", {
        argv: [
          "etcd",
          ...args.map((arg) => arg.replaceAll("0.0.0.0", addressOf(areas.etcd, 0)).replace("level=warn", "level=info")),
        ],
        files: tlsVolume("/etc/etcd-tls", certificates.etcd),
        mounts: mountsOf("etcd"),
      });
      await etcd.printed(/ready to serve client requests/);
    }, 60_000);

    it.each(["etcd-snapshot", "cluster-etcd-snapshot-0"])("leaves a snapshot that can be read: %s", async (job) => {
      succeeded(await run(job, "snapshot"));
      expect(await readdir(sites.outbox)).toEqual(["etcd.db"]);
      const checked = await run(job, "check");
      succeeded(checked);
      expect(checked.stdout).toMatch(/^[0-9a-f]{1,8}, \d+, \d+, /);
      succeeded(await run(job, "upload"));
    });

    it("says so when its volume is full", async () => {
      const result = await onSmallVolume(sites.outbox, 8, () => run("etcd-snapshot", "snapshot"));
      expect(result.exitCode).not.toBe(0);
      expect(result.stderr).toContain("no space left on device");
    });

    it("lies at a place of its own for each member of the cluster's", async () => {
      for (const store of stores) expect(await listed(store, "cluster-etcd/0")).toHaveLength(2);
    });

    it("fails for the member that is away, and for no other", async () => {
      const away = await run("cluster-etcd-snapshot-1", "snapshot", impatient);
      expect(away.exitCode).not.toBe(0);
      expect(await readdir(sites.outbox)).not.toContain("etcd.db");
      succeeded(await run("cluster-etcd-snapshot-0", "snapshot"));
    });

    it("is not uploaded when it is damaged", async () => {
      succeeded(await run("etcd-snapshot", "snapshot"));
      await truncate(join(sites.outbox, "etcd.db"), 5000);
      expect((await run("etcd-snapshot", "check")).exitCode).not.toBe(0);
    });

    it("is refused to who has no certificate of its authority", async () => {
      const { other } = await issueCertificates({ other: [] });
      const stranger = await run("cluster-etcd-snapshot-0", "snapshot", {
        ...impatient,
        files: tlsVolume(paths.tls, other),
      });
      expect(stranger.exitCode).not.toBe(0);
      expect(await readdir(sites.outbox)).not.toContain("etcd.db");
    });
  });

  describe("files of the applications", () => {
    const { dify, plugins } = storeBuckets;
    const put = (key: string, text: string) => stores[0].put(dify.name, key, text, "dify");
    const copied = async (store: BackupStore, key: string) =>
      (await store.mc(["cat", `store/${backups.bucket}/objects/${dify.name}/${key}`])).stdout;

    it("are copied to each site, with a manifest of what was copied", async () => {
      succeeded(await put("upload_files/a.txt", "first"));
      succeeded(await put("upload_files/b.txt", "second"));
      const result = await run("objects-copy", "copy");
      succeeded(result);
      expect(result.stdout).toMatch(
        new RegExp(`OFFSITE has 2 objects of ${dify.name}, 11 bytes, checksum [0-9a-f]{64}`),
      );
      expect(result.stdout).toContain(`has 0 objects of ${plugins.name}`);
      for (const store of stores) {
        expect(await copied(store, "upload_files/b.txt")).toBe("second");
        expect(await listed(store, `objects/manifests/${dify.name}`)).toHaveLength(1);
      }
    });

    it("stay there as they were when they are changed and deleted", async () => {
      const version = new Date(Date.now() + 1000).toISOString();
      await new Promise((done) => setTimeout(done, 2500));
      succeeded(await put("upload_files/a.txt", "changed, and longer"));
      succeeded(await stores[0].mc(["rm", `store/${dify.name}/upload_files/b.txt`], { user: "dify" }));
      succeeded(await run("objects-copy", "copy"));
      for (const store of stores) {
        expect(await copied(store, "upload_files/a.txt")).toBe("changed, and longer");
        const folder = `store/${backups.bucket}/objects/${dify.name}/upload_files`;
        const before = (key: string) => store.mc(["cat", "--rewind", version, `${folder}/${key}`]);
        expect((await before("a.txt")).stdout).toBe("first");
        expect((await before("b.txt")).stdout).toBe("second");
      }
    });

    it("are copied to the site that is there when the other is not", async () => {
      succeeded(await put("upload_files/c.txt", "third"));
      const result = await run("objects-copy", "copy", { files: sites.named.without(storeHosts[1]) });
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toContain(`${dify.name} was not copied to OFFSITE`);
      expect(await copied(stores[0], "upload_files/c.txt")).toBe("third");
      succeeded(await run("objects-copy", "copy"));
      expect(await copied(stores[1], "upload_files/c.txt")).toBe("third");
    });
  });
});

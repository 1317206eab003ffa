import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootstrapFiles } from "../../../components/objectStore/bootstrap.ts";
import { declaredBuckets, type BucketRole, type DeclaredBucket } from "../../../components/objectStore/buckets.ts";
import { objectStoreSettings, type MinioSettings } from "../../../config/objectStore.ts";
import { runInDebian, usesDebian, type DebianResult } from "../../support/debian.ts";
import {
  issueCertificates,
  loopbackNames,
  startMinio,
  type Certificate,
  type MinioServer,
} from "../../support/servers.ts";

usesDebian();

const settings = objectStoreSettings.parse({ retention: { backupDays: 7, catalogueDays: 9 } }) as MinioSettings;

/** The buckets of the settings, encrypted with the key that the test's server has. */
function buckets(retention: Partial<MinioSettings["retention"]> = {}): Record<BucketRole, DeclaredBucket> {
  const declared = declaredBuckets({ ...settings, retention: { ...settings.retention, ...retention } });
  const entries = Object.entries(declared).map(([role, bucket]) => [role, { ...bucket, encryption: "test-key" }]);
  return Object.fromEntries(entries) as Record<BucketRole, DeclaredBucket>;
}

/** How mc words a refusal. */
const denied = /Access Denied|Insufficient permissions/;

const keyOf = (user: string) => `secret-key-of-${user}`;

describe("the bootstrap of buckets and users, against a real server with TLS and KMS", { timeout: 120_000 }, () => {
  let certificate: Certificate;
  let minio: MinioServer;
  const { dify, plugins, backups } = buckets();

  function bootstrap(declared = buckets(), keys = keyOf, password = minio.rootPassword): Promise<DebianResult> {
    const list = Object.values(declared);
    const inFolder = Object.entries(bootstrapFiles(list, declared)).map(([name, text]) => [`/buckets/${name}`, text]);
    return runInDebian({
      argv: ["sh", "/buckets/bootstrap.sh"],
      user: "1000",
      env: { ENDPOINT: minio.endpoint, MC_CONFIG_DIR: "/tmp/mc" },
      files: {
        ...(Object.fromEntries(inFolder) as Record<string, string>),
        "/authority/ca.crt": certificate.authority,
        "/administrator/user": minio.rootUser,
        "/administrator/password": password,
        ...Object.fromEntries(
          [...list.map(({ user }) => user), "drills"].map((user) => [`/users/${user}`, keys(user)]),
        ),
      },
    });
  }

  const as = (user: string, ...args: string[]) => minio.mcAs({ name: user, password: keyOf(user) }, ...args);

  /** Runs mc with a file to send. */
  async function put(user: string, path: string, text: string): Promise<DebianResult> {
    const client = minio.clientOf({ name: user, password: keyOf(user) });
    return runInDebian({ argv: ["mc", "pipe", `store/${path}`], ...client, stdin: text });
  }

  beforeAll(async () => {
    certificate = (await issueCertificates({ store: loopbackNames })).store;
    minio = await startMinio({ tls: certificate });
    expect(await bootstrap()).toMatchObject({ exitCode: 0, stderr: "" });
  }, 120_000);
  afterAll(() => minio.stop());

  it("makes locked, versioned and encrypted buckets for backups, and changes nothing when it runs again", async () => {
    const state = async () => ({
      ...(JSON.parse(await minio.mc("--json", "stat", `store/${backups.name}`)) as Record<string, unknown>),
      lastModified: undefined,
    });
    const before = await state();
    expect(before).toMatchObject({
      Versioning: { status: "Enabled" },
      ObjectLock: { enabled: "Enabled", mode: "COMPLIANCE", validity: "7DAYS" },
      Encryption: { algorithm: "aws:kms", keyId: "test-key" },
    });
    expect(await bootstrap()).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await state()).toEqual(before);
  });

  it("keeps versions of application files for their time, without a lock", async () => {
    const rules = await minio.mc("--json", "ilm", "rule", "export", `store/${dify.name}`);
    expect(rules).toContain('"NoncurrentDays":30');
    expect(JSON.parse(await minio.mc("--json", "stat", `store/${dify.name}`))).toMatchObject({
      Versioning: { status: "Enabled" },
      ObjectLock: { enabled: "" },
    });
  });

  it("lets each user work in its own bucket", async () => {
    for (const { user, name } of [dify, plugins, backups]) {
      expect(await put(user, `${name}/a/file`, "hello")).toMatchObject({ exitCode: 0 });
      expect(await as(user, "cat", `store/${name}/a/file`)).toMatchObject({ exitCode: 0, stdout: "hello" });
      expect(await as(user, "ls", `store/${name}/a/`)).toMatchObject({ exitCode: 0 });
      expect(await as(user, "rm", `store/${name}/a/file`)).toMatchObject({ exitCode: 0 });
      expect(await as(user, "cat", `store/${name}/a/file`)).not.toMatchObject({ exitCode: 0 });
    }
  });

  it("keeps users out of the others' buckets and from making buckets", async () => {
    await put(backups.user, `${backups.name}/secret`, "backup");
    expect((await as(dify.user, "cat", `store/${backups.name}/secret`)).stderr).toMatch(denied);
    expect((await as(dify.user, "ls", `store/${backups.name}`)).stderr).toMatch(denied);
    expect((await as(plugins.user, "ls", `store/${dify.name}`)).stderr).toMatch(denied);
    expect((await put(dify.user, `${backups.name}/x`, "x")).exitCode).not.toBe(0);
    for (const { user } of [dify, backups])
      expect((await as(user, "mb", "store/another-bucket")).stderr).toMatch(denied);
  });

  it("lets the user of backups read what it makes backups of, and change nothing there", async () => {
    await put(dify.user, `${dify.name}/original`, "a file");
    expect(await as(backups.user, "cat", `store/${dify.name}/original`)).toMatchObject({ stdout: "a file" });
    expect((await put(backups.user, `${dify.name}/original`, "changed")).exitCode).not.toBe(0);
    expect((await as(backups.user, "rm", `store/${dify.name}/original`)).exitCode).not.toBe(0);
  });

  it("lets nobody delete a locked version, nor shorten its time", async () => {
    await put(backups.user, `${backups.name}/worm`, "kept");
    const [version = ""] =
      /[0-9a-f-]{36}/.exec((await as(backups.user, "ls", "--versions", `store/${backups.name}/worm`)).stdout) ?? [];
    expect(version).not.toBe("");
    const path = `store/${backups.name}/worm`;
    expect((await as(backups.user, "rm", "--version-id", version, path)).stderr).toMatch(denied);
    await expect(minio.mc("rm", "--version-id", version, path)).rejects.toThrow(/WORM protected|locked/i);
    await expect(minio.mc("rm", "--bypass", "--version-id", version, path)).rejects.toThrow(/WORM protected|locked/i);
    expect((await as(backups.user, "retention", "set", "COMPLIANCE", "1d", path)).exitCode).not.toBe(0);
    await expect(minio.mc("retention", "set", "COMPLIANCE", "1d", path)).rejects.toThrow(/WORM protected|locked/i);
    expect(
      (await as(backups.user, "retention", "set", "--default", "COMPLIANCE", "1d", `store/${backups.name}`)).exitCode,
    ).not.toBe(0);
    expect((await as(backups.user, "cat", "--version-id", version, path)).stdout).toBe("kept");
  });

  it("gives a user its new key", async () => {
    const renewed = (user: string) => `new-key-of-${user}`;
    expect(await bootstrap(buckets(), renewed)).toMatchObject({ exitCode: 0 });
    const { exitCode } = await minio.mcAs(
      { name: dify.user, password: renewed(dify.user) },
      "ls",
      `store/${dify.name}`,
    );
    expect(exitCode).toBe(0);
    expect((await as(dify.user, "ls", `store/${dify.name}`)).exitCode).not.toBe(0);
  });

  it("raises the time of a lock and refuses to lower it", async () => {
    expect(await bootstrap(buckets({ backupDays: 8 }))).toMatchObject({ exitCode: 0 });
    expect(await minio.mc("retention", "info", "--default", `store/${backups.name}`)).toContain("8DAYS");
    const refused = await bootstrap(buckets({ backupDays: 7 }));
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("locks backups for 8 days and is to lock them for 7");
    expect(await minio.mc("retention", "info", "--default", `store/${backups.name}`)).toContain("8DAYS");
  });

  it("says what to do about a bucket for backups that exists without a lock", async () => {
    await minio.mc("mb", "store/made-by-hand");
    const declared = buckets({ backupDays: 8 });
    const refused = await bootstrap({ ...declared, catalogue: { ...declared.catalogue, name: "made-by-hand" } });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("made-by-hand exists without object lock");
    expect(refused.stderr).toContain("name another bucket in objectStore.buckets");
  });

  it("does not try for long with a password that the store does not accept", async () => {
    const refused = await bootstrap(buckets(), keyOf, "not-the-password");
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toContain("does not accept the administrator's password");
    expect(refused.stderr).not.toContain("not-the-password");
  });
});

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BackupRecord } from "../../../runbooks/catalogue/record.ts";
import { drillResultSchema, type DrillKind, type DrillResult } from "../../../runbooks/drills/result.ts";
import { BackedUpCluster, type Change } from "../../support/backedUpCluster.ts";
import { usesDebian, type DebianResult } from "../../support/debian.ts";
import { difySecrets, type DifySecrets } from "../../support/difySecrets.ts";
import { podSpec } from "../../support/renderedPod.ts";

usesDebian();

const redisHost = "redis-0.dify-data.svc.cluster.local";
const redisPassword = "a password of redisPassword";
const tenant = "6a1f1f3e-5a2b-4f57-9d0b-2f1f0c9a7b11";

/** What a pod's account would have; nobody listens there. That the cluster takes results is seen in account.test.ts. */
const nobody = {
  env: { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: "1" },
  files: Object.fromEntries(
    ["namespace", "token", "ca.crt"].map((file) => [`/var/run/secrets/kubernetes.io/serviceaccount/${file}`, ""]),
  ),
};

/** As much of Dify's schema as drills look at, and an index that agrees with its table for now. */
const schema = ({ publicPem, config }: DifySecrets) => `
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('8c6d1a2b3e4f');
CREATE TABLE tenants (id uuid PRIMARY KEY, encrypt_public_key text);
INSERT INTO tenants VALUES ('${tenant}', '${publicPem}');
CREATE TABLE provider_credentials (id serial PRIMARY KEY, tenant_id uuid, encrypted_config text);
INSERT INTO provider_credentials (tenant_id, encrypted_config) VALUES ('${tenant}', '${config}');
CREATE TABLE messages AS SELECT i AS id FROM generate_series(1, 1000) AS i;
CREATE FUNCTION sorted_by(i int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT i';
CREATE INDEX messages_sorted ON messages (sorted_by(id));`;

/** A real coordinated backup at two sites, and the containers of drills as they are declared. One after another. */
describe("a drill", { timeout: 900_000 }, () => {
  let backedUp: BackedUpCluster;

  beforeAll(async () => {
    backedUp = await BackedUpCluster.start({ others: [`127.0.6.1 ${redisHost}`], drills: {} });
    const redis = backedUp.cluster.start(redisHost, {
      argv: ["redis-server", "--bind", "127.0.6.1", "--requirepass", redisPassword, "--dir", "/tmp"],
    });
    await redis.printed(/Ready to accept connections/);
    succeeded(
      await backedUp.cluster.run({
        argv: ["redis-cli", "-h", "127.0.6.1", "MSET", "one", "1", "two", "2"],
        env: { REDISCLI_AUTH: redisPassword },
      }),
    );
    backedUp.startResumer(0);
    succeeded(await backedUp.run("postgres-full", "pgbackrest"));
    succeeded(await backedUp.run("postgres-offsite-full", "pgbackrest"));
    const secrets = await difySecrets();
    await asDify(schema(secrets));
    const [store] = backedUp.stores;
    await store.put("dify-files", `privkeys/${tenant}/private.pem`, secrets.privatePem, "dify");
    await store.put("dify-files", "upload_files/one file.txt", "first", "dify");
    await store.put("dify-plugins", "a.difypkg", "a plugin", "plugins");
    await backUp();
  }, 900_000);
  afterAll(() => backedUp.stop());

  const succeeded = (result: DebianResult) => expect(result.exitCode, result.stderr + result.stdout).toBe(0);

  async function asDify(sql: string): Promise<void> {
    const { env, files } = backedUp.cluster.client("dify");
    succeeded(await backedUp.cluster.run({ argv: ["psql", "-XAtqc", sql], env, files }));
  }

  /** A coordinated backup. */
  async function backUp(): Promise<void> {
    for (const container of ["freeze", "redis", "upload", "objects"])
      succeeded(await backedUp.run("coordinated-backup", container));
    await backedUp.run("coordinated-backup", "record", nobody);
    succeeded(await backedUp.run("coordinated-backup", "deposit"));
  }

  async function newestRecord(): Promise<BackupRecord> {
    const [file = ""] = await readdir(join(backedUp.outbox, "records"));
    return JSON.parse(await readFile(join(backedUp.outbox, "records", file), "utf8")) as BackupRecord;
  }

  /** Writes a copy of a record, or of something else, at one site. */
  const deposit = async (site: 0 | 1, id: string, text: string) =>
    succeeded(
      await backedUp.stores[site].mc(["pipe", `store/dify-catalogue/records/${id}.json`], {
        user: "catalogue",
        stdin: text,
      }),
    );

  /** Takes a record away again: a marker over it is all that anybody can do. */
  async function forget(id: string): Promise<void> {
    for (const store of backedUp.stores)
      succeeded(await store.mc(["rm", `store/dify-catalogue/records/${id}.json`], { user: "catalogue" }));
  }

  /** Runs the containers of a drill; what it leaves beside the catalogue. */
  async function drill(kind: DrillKind, changes: Readonly<Record<string, Change>> = {}): Promise<DrillResult> {
    const { initContainers } = podSpec(backedUp.resources, "CronJob", `drill-${kind}`);
    for (const { name } of initContainers)
      succeeded(
        await backedUp.run(`drill-${kind}`, name, {
          env: { ...nobody.env, ...changes[name]?.env },
          files: { ...nobody.files, ...changes[name]?.files },
        }),
      );
    const { exitCode, stdout, stderr } = await backedUp.run(`drill-${kind}`, "result", nobody);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the cluster does not have the result");
    const found = drillResultSchema.parse(JSON.parse(/(?:passed|FAILED): (\{.*\})/.exec(stdout)?.[1] ?? ""));
    const archived = await backedUp.stores[0].mc(["cat", `store/dify-catalogue/drills/${kind}/${found.id}.json`]);
    expect(JSON.parse(archived.stdout)).toEqual(found);
    return found;
  }

  const failures = ({ checks }: DrillResult) =>
    Object.fromEntries(checks.filter(({ passed }) => !passed).map(({ name, detail }) => [name, detail]));

  it("passes each day, with its figures", async () => {
    const result = await drill("light");
    process.stderr.write(`drill: RTO ${result.rtoSeconds} s, RPO ${result.rpoSeconds} s\n`);
    expect(failures(result)).toEqual({});
    expect(result).toMatchObject({ passed: true, kind: "light", site: "cluster", record: (await newestRecord()).id });
    expect(result.checks).toHaveLength(11);
    expect(result.rtoSeconds).toBeGreaterThan(0);
    expect(result.rpoSeconds).toBeGreaterThan(0);
  });

  it("passes each week at the second site, and reads a credential with the key from the bucket", async () => {
    const result = await drill("full");
    expect(failures(result)).toEqual({});
    expect(result).toMatchObject({ passed: true, kind: "full", site: "offsite" });
    const detail = (name: string) => result.checks.find((check) => check.name === name)?.detail;
    expect(detail("credentials are read with the tenants' keys")).toContain("1 values of 1 credentials");
    expect(detail("migrations are where they were")).toContain("8c6d1a2b3e4f");
  });

  it("that is killed half way leaves nothing behind that hinders the next", async () => {
    succeeded(await backedUp.run("drill-light", "catalogue", nobody));
    const held = backedUp.cluster.start("held", backedUp.program("drill-light", "postgres", nobody));
    await held.printed(/replaying the log/, 120);
    held.kill();
    await held.ended;
    expect((await drill("light")).passed).toBe(true);
  });

  it("names what is not as the record says", async () => {
    const record = await newestRecord();
    const forged = {
      ...record,
      id: "20991231T000000Z-0000",
      postgres: { ...record.postgres, alembicHead: "another" },
      rows: { ...record.rows, dify: { ...record.rows?.["dify"], "public.messages": 999 } },
      buckets: record.buckets.map((bucket) => ({ ...bucket, checksum: "0".repeat(64) })),
      fingerprints: { difySecretKey: "0".repeat(64) },
    };
    for (const site of [0, 1] as const) await deposit(site, forged.id, JSON.stringify(forged));
    const found = failures(
      await drill("full", { snapshot: { env: { CIPHER: "wrong" } } }).finally(() => forget(forged.id)),
    );
    expect(found).toEqual({
      "tables have their rows": expect.stringContaining(
        "dify.public.messages has 1000 rows, and had 999 at the instant",
      ) as string,
      "objects are what they were": expect.stringContaining("is not what the record says") as string,
      "the snapshot of Redis is whole": expect.stringContaining("cannot be read") as string,
      "SECRET_KEY is the one that was in use": expect.stringContaining("difySecretKey: another one now") as string,
      "migrations are where they were": expect.stringContaining("and was another at the instant") as string,
      "credentials are read with the tenants' keys": expect.stringContaining("is not what the record says") as string,
    });
  });

  it("does not reach a restore with the wrong pass phrase, and has failed", async () => {
    const result = await drill("light", { postgres: { env: { PGBACKREST_REPO1_CIPHER_PASS: "something else" } } });
    expect(result).toMatchObject({ passed: false, rtoSeconds: null, rpoSeconds: null });
    expect(Object.keys(failures(result))).toEqual(["the repository is whole", "Postgres is restored to the instant"]);
  });

  it("believes no record that one copy contradicts, and restores nothing", async () => {
    const record = await newestRecord();
    await deposit(0, record.id, JSON.stringify({ ...record, pause: record.pause + 1 }));
    const result = await drill("light");
    expect(result).toMatchObject({ passed: false, record: null });
    expect(failures(result)).toEqual({
      "most copies of the catalogue agree": expect.stringContaining("can be believed") as string,
    });
    await deposit(0, record.id, "no JSON");
    const [first] = (await drill("light")).checks;
    expect(first?.detail).toMatch(/lies in 1 of 3 places: the catalogue bucket has a copy that is no JSON/);
    await deposit(0, record.id, JSON.stringify(record));
  });

  it("finds an index that does not agree with its table", async () => {
    await asDify("CREATE OR REPLACE FUNCTION sorted_by(i int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT -i'");
    await backUp();
    const found = failures(await drill("light"));
    expect(found).toEqual({ "indexes agree with their tables": expect.stringContaining("messages_sorted") as string });
  });

  it("finds a file of the repository that was overwritten", async () => {
    const [store] = backedUp.stores;
    const listed = await store.mc(["find", "store/dify-backups/pgbackrest/backup", "--name", "1*"]);
    const [bundle = ""] = listed.stdout.trim().split("\n");
    succeeded(await store.mc(["pipe", bundle], { user: "backups", stdin: "damaged" }));
    const result = await drill("light");
    expect(result.passed).toBe(false);
    expect(failures(result)["the repository is whole"]).toContain("damaged or missing");
  });
});

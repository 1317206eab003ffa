import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { derivedKeys } from "../../../components/objectStore/edgeKeys.ts";
import { declareBackups } from "../../support/backupSample.ts";
import { BackupStore, edgeKey } from "../../support/backupStore.ts";
import { openNetwork, usesDebian, type DebianResult } from "../../support/debian.ts";
import { at, find, type Declared } from "../../support/mocks.ts";
import { NamedNetwork } from "../../support/namedNetwork.ts";
import { addressOf, areas, storeHosts } from "../../support/postgresSample.ts";
import { containerProgram, podSpec } from "../../support/renderedPod.ts";
import { issueCertificates, type Certificate } from "../../support/servers/certificates.ts";

usesDebian();

const site = { name: "harbour", claims: ["files"], excludes: ["*.tmp"] };
const backup = { edge: { sites: [site, { ...site, name: "island" }] } };
const job = "edge-harbour";

/** How mc and restic word a refusal. */
const refused = /Access Denied|Insufficient permissions/i;

const mebibyte = 2 ** 20;

/** Jobs as the program declares them, with a real restic and a real MinIO. One after another. */
describe("an edge site", { timeout: 180_000 }, () => {
  let network: Awaited<ReturnType<typeof openNetwork>>;
  let named: NamedNetwork;
  let certificate: Certificate;
  let store: BackupStore;
  let resources: Declared[];
  let work: string;
  let claim: string;

  beforeAll(async () => {
    network = await openNetwork();
    certificate = (await issueCertificates({ minio: [...storeHosts] })).minio;
    named = new NamedNetwork(network, [`${addressOf(areas.stores, 0)} ${storeHosts[0]}`]);
    store = new BackupStore(named, certificate, 0);
    resources = await declareBackups({ authority: certificate.authority, sites: 1, backup });
    await store.start(backup.edge.sites.map(({ name }) => name));
    work = await mkdtemp(join(tmpdir(), "edge-"));
    claim = join(work, "files");
    await mkdir(claim);
  }, 120_000);
  afterAll(async () => {
    await named.stop();
    await network.close();
    await rm(work, { recursive: true });
  });

  const succeeded = (result: DebianResult) => expect(result.exitCode, result.stderr + result.stdout).toBe(0);

  type Change = { readonly env?: Record<string, string>; readonly files?: Record<string, string> };
  function program(kind: "CronJob" | "Job", name: string, { env, files }: Change = {}) {
    const rendered = containerProgram(resources, podSpec(resources, kind, name), "restic");
    return {
      ...rendered,
      env: { ...rendered.env, ...env },
      files: { ...rendered.files, ...files },
      mounts: { "/claims/files": claim },
    };
  }
  const run = (kind: "CronJob" | "Job", name: string, change?: Change) =>
    named.run({ ...program(kind, name, change), timeoutSeconds: 150 });
  const copy = (change?: Change) => run("CronJob", job, change);
  const keep = (change?: Change) => run("CronJob", "edges-keep", change);
  const init = () => run("Job", find(resources, "Job", initName()).name);
  const initName = () => resources.find(({ name }) => name.startsWith("edges-init-"))?.name ?? "";

  /** Restic with what the site's own job has. */
  const restic = (...args: string[]) => {
    const { env, files, user } = program("CronJob", job);
    return named.run({ argv: ["restic", ...args], env, files, user, timeoutSeconds: 100 });
  };
  const snapshots = async () =>
    JSON.parse((await restic("snapshots", "--json", "--no-lock")).stdout) as { id: string; time: string }[];

  /** What the administrator sees in the bucket. */
  const bucket = `store/${job}`;
  const found = async (folder: string) =>
    (await store.mc(["find", `${bucket}/${folder}`])).stdout.trim().split("\n").filter(Boolean);
  const bytes = async () =>
    (JSON.parse((await store.mc(["--json", "du", bucket])).stdout.trim().split("\n").at(-1) ?? "") as { size: number })
      .size;
  /** mc with the site's credentials. */
  const asSite = (...args: string[]) =>
    store.mc(args, { user: job, secretKey: derivedKeys(edgeKey, site.name).secretKey });

  it("is told to ask for a repository where there is none", async () => {
    const result = await copy();
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("there is no repository at s3:https://minio.test:9000/edge-harbour");
  });

  it("gets its repository from the centre, once", async () => {
    succeeded(await init());
    const config = (await store.mc(["stat", "--json", `${bucket}/config`])).stdout;
    succeeded(await init());
    const again = (await store.mc(["stat", "--json", `${bucket}/config`])).stdout;
    const etag = (text: string) => (JSON.parse(text) as { etag: string }).etag;
    expect(etag(again)).toBe(etag(config));
  });

  it("sends at most 12 % of its data when 5 % have changed", async () => {
    // As files of users are: many small ones, and a large one that grows in its middle. Each place of a change costs some MiB beside it (0.2 to 5.7 in 30
    // trials), as pieces are 0.5 to 8 MiB: in 80 MiB that was once too much (14.6 %).
    const [count, size, large] = [400, 256 * 1024, 140 * mebibyte];
    for (let i = 0; i < count; i++) await writeFile(join(claim, `${i}.bin`), randomBytes(size));
    const document = randomBytes(large);
    await writeFile(join(claim, "large.bin"), document);
    await writeFile(join(claim, "left-out.tmp"), randomBytes(mebibyte));
    succeeded(await copy());
    const whole = await bytes();
    const total = count * size + large;
    expect(whole).toBeGreaterThan(0.99 * total);
    expect(whole).toBeLessThan(1.02 * total);

    for (let i = 0; i < count / 20; i++) await writeFile(join(claim, `${i * 20}.bin`), randomBytes(size));
    const inserted = randomBytes(large / 20);
    const grown = Buffer.concat([document.subarray(0, large / 2), inserted, document.subarray(large / 2)]);
    await writeFile(join(claim, "large.bin"), grown);
    succeeded(await copy());
    const share = ((await bytes()) - whole) / total;
    expect(share).toBeLessThan(0.12);
  });

  it("can be read back", async () => {
    const { env, files } = program("CronJob", job);
    const target = await mkdtemp(join(work, "restored-"));
    const result = await named.run({
      argv: ["restic", "restore", "latest", "--no-lock", "--target=/restored"],
      env,
      files,
      folders: { "/restored": target },
    });
    succeeded(result);
    for (const file of ["0.bin", "19.bin", "large.bin"])
      expect((await readFile(join(target, "claims/files", file))).equals(await readFile(join(claim, file)))).toBe(true);
    await expect(readFile(join(target, "claims/files/left-out.tmp"))).rejects.toThrow("ENOENT");
  });

  it("sends no faster than it is told", async () => {
    await writeFile(join(claim, "throttled.bin"), randomBytes(2 * mebibyte));
    const from = Date.now();
    succeeded(await copy({ env: { UPLOAD: "512" } }));
    expect(Date.now() - from).toBeGreaterThan(3500);
  });

  it("cannot delete or change what is there, nor read another site's", async () => {
    const [snapshot] = await snapshots();
    const forget = await restic("forget", snapshot?.id ?? "");
    expect(forget.stdout + forget.stderr).toMatch(/unable to remove|Access Denied/i);
    const [pack] = await found("data");
    for (const object of [pack ?? "", `${bucket}/config`, (await found("keys"))[0] ?? ""])
      expect((await asSite("rm", object)).stderr, object).toMatch(refused);
    for (const target of ["config", "keys/0000", "elsewhere"]) {
      const put = await store.mc(["pipe", `${bucket}/${target}`], {
        user: job,
        secretKey: derivedKeys(edgeKey, site.name).secretKey,
        stdin: "mine",
      });
      expect(put.stderr, target).toMatch(refused);
    }
    expect((await asSite("ls", "store/edge-island")).stderr).toMatch(refused);
    expect((await asSite("rm", "--versions", "--force", pack ?? "")).stderr).toMatch(refused);
    expect(await snapshots()).toHaveLength(3);
  });

  it("keeps what it had when somebody overwrites it with the site's credentials", async () => {
    const pack = (await found("data")).toSorted()[0] ?? "";
    const version = (JSON.parse((await store.mc(["--json", "stat", pack])).stdout) as { versionID: string }).versionID;
    const put = await store.mc(["pipe", pack], {
      user: job,
      secretKey: derivedKeys(edgeKey, site.name).secretKey,
      stdin: "ransom",
    });
    succeeded(put);
    const damaged = await keep();
    expect(damaged.exitCode).toBe(1);
    expect(damaged.stderr).toContain("harbour: the repository is damaged");
    succeeded(await store.mc(["cp", "--version-id", version, pack, pack]));
    succeeded(await keep({ env: { CHECK_RUNS: "1" } }));
  });

  it("loses no snapshot to forged ones, and those that are too old in the centre alone", async () => {
    const before = (await snapshots()).map(({ id }) => id);
    const forged = async (...time: string[]) =>
      succeeded(await restic("backup", "--host=harbour", "--group-by=host", "/etc/hostname", ...time));
    await forged("--time=2099-01-01 00:00:00");
    for (let i = 0; i < 3; i++) await forged();
    succeeded(await keep());
    expect((await snapshots()).map(({ id }) => id)).toEqual(expect.arrayContaining(before));

    await forged("--time=2001-01-01 00:00:00");
    succeeded(await keep());
    const left = await snapshots();
    expect(left.filter(({ time }) => time.startsWith("2001"))).toEqual([]);
    expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining(before));
  });

  it("is copied twice at once by two runs", async () => {
    await writeFile(join(claim, "new.bin"), randomBytes(4 * mebibyte));
    const before = (await snapshots()).length;
    const both = await Promise.all([copy({ env: { UPLOAD: "2048" } }), copy({ env: { UPLOAD: "2048" } })]);
    both.forEach(succeeded);
    expect(await snapshots()).toHaveLength(before + 2);
    succeeded(await keep({ env: { CHECK_RUNS: "1" } }));
  });

  it.each(["TERM", "KILL"] as const)("goes on after a run that got %s", async (signal) => {
    await writeFile(join(claim, `${signal}.bin`), randomBytes(8 * mebibyte));
    const before = (await snapshots()).length;
    const killed = named.start("killed", { ...program("CronJob", job, { env: { UPLOAD: "1024" } }) });
    await expect.poll(() => found("locks"), { timeout: 30_000, interval: 200 }).toHaveLength(1);
    killed.signal(signal);
    await killed.ended;
    const locks = await found("locks");
    expect(locks).toHaveLength(signal === "TERM" ? 0 : 1);
    if (signal === "TERM") expect(killed.output).toContain("was told to stop");
    expect(await snapshots()).toHaveLength(before);
    succeeded(await copy());
    expect(await snapshots()).toHaveLength(before + 1);
    // Nobody holds it any more, so that what needs it for itself gets it.
    succeeded(await keep());
    expect(await found("locks")).toEqual([]);
  });

  it.each<[string, Change, string]>([
    ["the pass phrase is wrong", { env: { RESTIC_PASSWORD: "wrong" } }, "was secrets:edgeKey changed"],
    ["the key is wrong", { env: { AWS_SECRET_ACCESS_KEY: "wrong-wrong", ANSWER_SECONDS: "5" } }, "are access key and"],
    [
      "the store is trusted by nobody",
      { env: { RESTIC_CACERT: "/etc/ssl/certs/ca-certificates.crt", ANSWER_SECONDS: "5" } },
      "the authority of its certificate",
    ],
  ])("says so when %s", async (_, change, message) => {
    const result = await copy(change);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(message);
  });

  it("says so when the store is away, and does what it can for the other sites", async () => {
    const away = { env: { ANSWER_SECONDS: "4" }, files: named.without(storeHosts[0]) };
    const result = await copy(away);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("gave no answer of use within 4 s");
    const passphrase = { "/etc/edge-passphrases/harbour": "wrong" };
    const centre = await keep({ files: passphrase });
    expect(centre.exitCode).toBe(1);
    expect(centre.stderr).toContain("harbour: the pass phrase does not open");
    expect(centre.stdout).toContain("edges-keep: island");
    expect(centre.stderr).not.toContain("island:");
  });

  it("says so when files cannot be read, and keeps the others", async () => {
    await writeFile(join(claim, "private.bin"), "for root alone", { mode: 0o600 });
    const before = (await snapshots()).length;
    const result = await copy();
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("May the user 1000 read them");
    expect(await snapshots()).toHaveLength(before + 1);
  });

  it("knows its own key alone, and changes no owner of files", () => {
    const pod = podSpec(resources, "CronJob", job);
    expect(pod.volumes.find(({ name }) => name === "claim-files")?.persistentVolumeClaim).toMatchObject({
      readOnly: true,
    });
    expect(Object.keys(at(find(resources, "Secret", job).revealed, "stringData") as object)).toEqual([
      "key",
      "passphrase",
    ]);
    expect(JSON.stringify(pod)).not.toContain("backup-sites");
  });
});

import {
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  KubernetesObjectApi,
  SchedulingV1Api,
  type KubernetesObject,
  type V1CronJob,
} from "@kubernetes/client-node";
import { execa } from "execa";
import { createHash, randomBytes } from "node:crypto";
import {
  chmod,
  chown,
  lchown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { declareBackups } from "../../support/backupSample.ts";
import { BackupStore, storeBuckets } from "../../support/backupStore.ts";
import { addClaim, removeVolume } from "../../support/boundClaim.ts";
import {
  binDir,
  clusterTimeout,
  eventually,
  testCluster,
  testNamespace,
  type TestCluster,
} from "../../support/cluster.ts";
import { CsiDriver } from "../../support/csiDriver.ts";
import {
  openNetwork,
  runInDebian,
  startInDebian,
  usesDebian,
  type DebianProgram,
  type DebianResult,
} from "../../support/debian.ts";
import { find, type Declared } from "../../support/mocks.ts";
import { NamedNetwork } from "../../support/namedNetwork.ts";
import { withAccount } from "../../support/podAccount.ts";
import { addressOf, areas, storeHosts } from "../../support/postgresSample.ts";
import { containerProgram, podSpec } from "../../support/renderedPod.ts";
import { issueCertificates } from "../../support/servers/certificates.ts";
import { schedulerName, VolumeKubelet } from "../../support/volumeKubelet.ts";

usesDebian();

const workload = "volume-copies";
/** Claims by whose files they have. */
const [postgres, redis] = ["data-postgres-0", "data-redis-0"];
const users: Readonly<Record<string, number>> = { [postgres]: 1000, [redis]: 999 };
const priorityClass = "dify-service";
const ofTheStack = { "app.kubernetes.io/part-of": "dify-ha" };
const day = 86_400_000;
const mebibyte = 2 ** 20;

/**
 * The jobs as the program declares them, at a real API server with its controllers; the test plays scheduler, driver and kubelet, with the real restic and a
 * real MinIO that has locks. In this order.
 */
describe("copies of volumes at the second site", { timeout: 180_000 }, () => {
  let cluster: TestCluster;
  let namespace: string;
  let driver: CsiDriver;
  let kubelet: VolumeKubelet;
  let network: Awaited<ReturnType<typeof openNetwork>>;
  let named: NamedNetwork;
  let store: BackupStore;
  let resources: Declared[];
  let program: DebianProgram;
  let work: string;

  beforeAll(async () => {
    network = await openNetwork();
    const { minio: certificate } = await issueCertificates({ minio: [...storeHosts] });
    named = new NamedNetwork(network, [`${addressOf(areas.stores, 1)} ${storeHosts[1]}`]);
    store = new BackupStore(named, certificate, 1);
    await store.start();
    resources = await declareBackups({ authority: certificate.authority, backup: { snapshots: { class: "zfs" } } });
    work = await mkdtemp(join(tmpdir(), "volumes-"));
    await chmod(work, 0o755);

    cluster = await testCluster();
    namespace = await testNamespace(cluster, { "pod-security.kubernetes.io/enforce": "restricted" });
    await declareInCluster();
    for (const name of Object.keys(users)) {
      const annotations = { "volume.kubernetes.io/selected-node": "node-a1" };
      await addClaim(cluster, namespace, { name, labels: ofTheStack, annotations, storageClassName: "standard" });
    }
    const rendered = containerProgram(resources, podSpec(resources, "CronJob", workload), "copies");
    program = await withAccount(cluster, namespace, workload, rendered);
    driver = await CsiDriver.start(cluster, namespace);
    for (const claim of [...Object.keys(users), "data-new-0", "files"]) driver.fates.set(claim, "silent");
    kubelet = new VolumeKubelet(cluster, namespace, named, resources);
  }, clusterTimeout);
  afterAll(async () => {
    await kubelet.stop();
    await driver.stop();
    await named.stop();
    await network.close();
    for (const claim of [...Object.keys(users), "files", "data-new-0"]) await removeVolume(cluster, namespace, claim);
    // Other files of the run may make it themselves.
    await cluster.config.makeApiClient(SchedulingV1Api).deletePriorityClass({ name: priorityClass });
    await rm(work, { recursive: true });
  });
  beforeEach(() => {
    kubelet.env = {};
    kubelet.files = {};
  });

  /** What the program declares, with pods that the cluster leaves to the test. */
  async function declareInCluster(): Promise<void> {
    const scheduling = cluster.config.makeApiClient(SchedulingV1Api);
    await scheduling.createPriorityClass({ body: { metadata: { name: priorityClass }, value: 1 } });
    const api = cluster.config.makeApiClient(KubernetesObjectApi);
    const kinds = ["ServiceAccount", "Role", "RoleBinding", "CronJob"];
    for (const { name, inputs } of resources) {
      if (![workload, "volume-copy"].includes(name) || !kinds.includes(inputs["kind"] as string)) continue;
      const object = JSON.parse(JSON.stringify(inputs).replaceAll('"dify-data"', `"${namespace}"`)) as KubernetesObject;
      const pod = (object as V1CronJob).spec?.jobTemplate.spec?.template.spec;
      if (pod) pod.schedulerName = schedulerName;
      await api.create(object);
    }
    const apps = cluster.config.makeApiClient(AppsV1Api);
    for (const name of ["postgres", "redis"]) {
      const set = JSON.parse(JSON.stringify(find(resources, "StatefulSet", name).inputs)) as { spec: object };
      await apps.createNamespacedStatefulSet({
        namespace,
        body: { ...set, metadata: { name }, spec: { ...set.spec, replicas: 0 } } as never,
      });
    }
  }

  /** A good snapshot of a claim. @param folder What is in it. */
  async function snapshot(claim: string, folder: string, ago: number): Promise<string> {
    const name = `${claim}-${randomBytes(4).toString("hex")}`;
    kubelet.contents.set(name, folder);
    await driver.create(name, claim, { "dify-ha/snapshot": "scheduled" });
    const creationTime = `${new Date(Date.now() - ago).toISOString().slice(0, 19)}Z`;
    await driver.say(name, { readyToUse: true, creationTime });
    return name;
  }

  /** Files as servers have them: readable by their user alone, in folders and behind links. */
  async function fill(claim: string, user: number): Promise<string> {
    const folder = join(work, claim);
    await mkdir(join(folder, "member", "empty"), { recursive: true });
    await writeFile(join(folder, "member", "large.bin"), randomBytes(6 * mebibyte));
    await writeFile(join(folder, "member", "small"), `of ${claim}`);
    await symlink("small", join(folder, "member", "link"));
    for (const path of ["", "member", "member/empty", "member/large.bin", "member/small", "member/link"]) {
      await lchown(join(folder, path), user, user);
      if (!path.endsWith("link")) await chmod(join(folder, path), /bin|small/.test(path) ? 0o600 : 0o700);
    }
    await mkdir(join(folder, "lost+found"), { mode: 0o700 });
    return folder;
  }

  const withEnv = (env: Record<string, string>) => ({ ...program, env: { ...program.env, ...env } });
  const run = (RUN: string, env: Record<string, string> = {}): Promise<DebianResult> =>
    runInDebian({ ...withEnv({ RUN, ...env }), timeoutSeconds: 150 });
  const succeeded = (result: DebianResult) => expect(result.exitCode, result.stderr + result.stdout).toBe(0);
  const jobs = async () =>
    (await cluster.config.makeApiClient(BatchV1Api).listNamespacedJob({ namespace })).items.map(
      ({ metadata }) => metadata?.name ?? "",
    );
  /** Nothing of a run is left, once the cluster has taken away what hangs on its Jobs. */
  async function nothingIsLeft(): Promise<void> {
    expect(await jobs()).toEqual([]);
    await eventually(
      () => kubelet.claims(),
      (claims) => claims.length === 0,
    );
  }

  const kubectl = (...args: string[]) =>
    execa(join(binDir, "kubectl"), [`--kubeconfig=${cluster.kubeconfig}`, "-n", namespace, ...args]);

  /** Restic as a person runs it, with the values of Secret backup-sites. */
  function restic(args: string[], target?: string): Promise<DebianResult> {
    const { env, files } = containerProgram(resources, podSpec(resources, "CronJob", "volume-copy"), "restic");
    const folders = target === undefined ? {} : { folders: { "/restored": target } };
    return named.run({ argv: ["restic", ...args], env, files, ...folders, timeoutSeconds: 100 });
  }
  const copies = async () =>
    JSON.parse((await restic(["snapshots", "--json", "--no-lock"])).stdout) as {
      id: string;
      time: string;
      hostname: string;
      tags: string[];
    }[];
  const copiesOf = async (claim: string) => (await copies()).filter(({ hostname }) => hostname === claim);

  const bucket = `store/${storeBuckets.backups.name}/volumes`;
  const bytes = async () =>
    (JSON.parse((await store.mc(["--json", "du", bucket])).stdout.trim().split("\n").at(-1) ?? "") as { size: number })
      .size;

  it("say so when nothing is there to be copied", async () => {
    const result = await run("nothing", { SELECTOR: "app=nothing" });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("no claim with a volume has the labels app=nothing");
    expect(result.stderr).toContain("there is no repository at s3:https://offsite.test:9000/");
    const without = await run("without");
    expect(without.exitCode).toBe(1);
    for (const claim of Object.keys(users))
      expect(without.stderr).toContain(`${claim} was not copied: there is no good snapshot of it. Does CronJob`);
    await nothingIsLeft();
  });

  it("say what they would do, and do nothing", async () => {
    for (const [claim, user] of Object.entries(users)) {
      const folder = await fill(claim, user);
      await snapshot(claim, join(work, "of-before"), 3 * day);
      await snapshot(claim, folder, 2 * day);
    }
    const result = await run("dry", { DRY_RUN: "yes" });
    succeeded(result);
    for (const claim of Object.keys(users)) expect(result.stdout).toContain(`would copy ${claim} as of`);
    await nothingIsLeft();
  });

  it("are made of the newest good snapshot of each, one after the other, by a volume of its class and size", async () => {
    const result = await run("first");
    succeeded(result);
    expect((await copies()).map(({ hostname }) => hostname).toSorted()).toEqual([postgres, redis]);
    for (const { time, tags, hostname } of await copies()) {
      expect(Math.abs(Date.parse(time) - (Date.now() - 2 * day))).toBeLessThan(5 * 60_000);
      expect(tags).toContain(hostname);
    }
    expect(kubelet.made.map(({ claim }) => claim.spec?.dataSource)).toEqual(
      [postgres, redis].map((claim) => ({
        apiGroup: "snapshot.storage.k8s.io",
        kind: "VolumeSnapshot",
        name: expect.stringContaining(claim) as string,
      })),
    );
    for (const { claim, pod } of kubelet.made) {
      const { metadata, spec } = claim;
      expect(spec).toMatchObject({ storageClassName: "standard", resources: { requests: { storage: "2Gi" } } });
      // Or there would be snapshots of it.
      expect(metadata?.labels).toEqual({ "dify-ha/copy": "volume", "dify-ha/run": "first" });
      // ZFS has it on one node.
      expect(JSON.stringify(pod.spec?.affinity?.nodeAffinity)).toContain('"values":["node-a1"]');
    }
    expect(kubelet.made.map(({ pod }) => pod.spec?.securityContext?.runAsUser)).toEqual([1000, 999]);
    for (const { pod } of kubelet.made) {
      // Or the kubelet would change the files' group.
      expect(pod.spec?.securityContext?.fsGroup).toBeUndefined();
      const mounts = pod.spec?.containers[0]?.volumeMounts ?? [];
      expect(mounts.find(({ mountPath }) => mountPath === "/volume")?.readOnly).toBe(true);
    }
    await nothingIsLeft();
  });

  it.each(Object.keys(users))("give every file of %s back as it was", async (claim) => {
    const target = await mkdtemp(join(work, "restored-"));
    succeeded(
      await restic(["restore", "latest:/volume", `--host=${claim}`, "--no-lock", "--target=/restored"], target),
    );
    const [original, restored] = [await listing(join(work, claim)), await listing(target)];
    expect(Object.keys(original)).toHaveLength(5);
    expect(restored).toEqual(original);
  });

  it("send only what is new", async () => {
    const before = await bytes();
    expect(before).toBeGreaterThan(12 * mebibyte);
    const folder = join(work, redis);
    await writeFile(join(folder, "new.bin"), randomBytes(mebibyte), { mode: 0o600 });
    await chown(join(folder, "new.bin"), users[redis] ?? 0, users[redis] ?? 0);
    await snapshot(redis, folder, day);
    succeeded(await run("second"));
    const grown = (await bytes()) - before;
    expect(grown).toBeGreaterThan(mebibyte);
    expect(grown).toBeLessThan(1.5 * mebibyte);
  });

  it("cannot be deleted or changed by who writes them", async () => {
    const user = storeBuckets.backups.user;
    const [pack = ""] = (await store.mc(["find", `${bucket}/data`])).stdout.trim().split("\n");
    const version = (JSON.parse((await store.mc(["--json", "stat", pack])).stdout) as { versionID: string }).versionID;
    const removed = await store.mc(["rm", "--version-id", version, pack], { user });
    expect(removed.stdout + removed.stderr).toMatch(/Access Denied/i);
    // Not by the administrator either.
    const byAdministrator = await store.mc(["rm", "--version-id", version, pack]);
    expect(byAdministrator.stdout + byAdministrator.stderr).toMatch(/WORM protected/i);
    // What is overwritten is found, and there as it was.
    succeeded(await store.mc(["pipe", pack], { user, stdin: "ransom" }));
    const damaged = await run("damaged", { SELECTOR: "app=nothing" });
    expect(damaged.stderr).toContain("volumes off site were not checked: volume-copy: the repository is damaged");
    succeeded(await store.mc(["cp", "--version-id", version, pack, pack]));
    succeeded(await run("mended"));
  });

  it("are made of the others when one cannot be, and say why", async () => {
    const batch = { name: "files", labels: ofTheStack, storageClassName: "standard" };
    await addClaim(cluster, namespace, batch);
    await addClaim(cluster, namespace, {
      name: "data-new-0",
      labels: ofTheStack,
      annotations: { "dify-ha/user": "1000" },
      storageClassName: "standard",
    });
    await snapshot("files", join(work, redis), day);
    // A driver that cannot make a volume of it.
    kubelet.contents.delete(await snapshot("data-new-0", "", day));
    // As whom the files cannot be read.
    const before = await copiesOf(redis);
    const result = await run("third", { START: "15" });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("files was not copied: nobody says by a number whose its files are");
    expect(result.stderr).toContain("data-new-0 was not copied: its pod has not run within 15 s: could the driver");
    expect(await copiesOf(redis)).toHaveLength(before.length + 1);
    expect(result.stdout).toContain("volumes off site were checked");
    await nothingIsLeft();
    await kubectl("delete", "pvc", "files", "data-new-0");
  });

  it("say so when files cannot be read, until the claim says by whom they can", async () => {
    const annotation = `dify-ha/user=${users[redis]}`;
    await kubectl("annotate", "pvc", redis, "dify-ha/user=1234");
    const result = await run("fourth");
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(`${redis} was not copied: volume-copy: the user 1234 may not read the volume`);
    expect(result.stderr).toContain(`kubectl annotate pvc ${redis} dify-ha/user=UID`);
    await kubectl("annotate", "--overwrite", "pvc", redis, annotation);
    succeeded(await run("fifth"));
  });

  it.each(["TERM", "KILL"] as const)("go on after a run that got %s, which leaves nothing behind", async (signal) => {
    // Slow enough to be met at it.
    const folder = join(work, postgres);
    await writeFile(join(folder, `${signal}.bin`), randomBytes(8 * mebibyte), { mode: 0o644 });
    await snapshot(postgres, folder, signal === "TERM" ? 3_600_000 : 1_800_000);
    kubelet.env = { UPLOAD: "512" };
    const before = (await copiesOf(postgres)).length;
    const killed = startInDebian(withEnv({ RUN: `got-${signal}` }));
    await killed.printed(/copying data-postgres-0/);
    await eventually(
      () => store.mc(["find", `${bucket}/locks`]),
      ({ stdout }) => stdout.trim() !== "",
    );
    if (signal === "TERM") killed.signal("TERM");
    else killed.kill();
    const { exitCode, stderr } = await killed.ended;
    if (signal === "TERM") {
      expect(exitCode).toBe(1);
      expect(stderr).toContain("was told to stop. Copies that were finished are whole");
      await nothingIsLeft();
    } else expect(await jobs()).toHaveLength(1);
    expect(await copiesOf(postgres)).toHaveLength(before);
    kubelet.env = {};
    const next = await run(`after-${signal}`);
    succeeded(next);
    if (signal === "KILL") expect(next.stdout).toMatch(/removed job data-postgres-0-copy-\d+, which got-KILL has left/);
    expect(await copiesOf(postgres)).toHaveLength(before + 1);
    await nothingIsLeft();
  });

  it("leave the Jobs of a run alone that is still at work", async () => {
    const batch = cluster.config.makeApiClient(BatchV1Api);
    const template = { spec: { containers: [{ name: "sleep", image: "none" }], restartPolicy: "Never" as const } };
    const labels = { "dify-ha/copy": "volume", "dify-ha/run": "by-hand" };
    for (const metadata of [{ name: "by-hand" }, { name: "its-copy", labels }])
      await batch.createNamespacedJob({ namespace, body: { metadata, spec: { suspend: true, template } } });
    await run("beside", { SELECTOR: "app=nothing" });
    expect(await jobs()).toEqual(["by-hand", "its-copy"]);
    await batch.deleteNamespacedJob({ namespace, name: "by-hand", propagationPolicy: "Background" });
    await run("after", { SELECTOR: "app=nothing" });
    await nothingIsLeft();
  });

  it("say so when the second site is away, or its pass phrase is another", async () => {
    kubelet.files = named.without(storeHosts[1]);
    kubelet.env = { ANSWER_SECONDS: "3" };
    const away = await run("away");
    expect(away.exitCode).toBe(1);
    for (const claim of Object.keys(users))
      expect(away.stderr).toMatch(
        new RegExp(`${claim} was not copied: volume-copy: s3:https\\S+ gave no answer of use`),
      );
    kubelet.files = {};
    kubelet.env = { RESTIC_PASSWORD: "wrong" };
    const wrong = await run("wrong");
    expect(wrong.stderr).toContain("was secrets:offsiteCipher changed?");
    await nothingIsLeft();
  });

  it("go when they are older than is kept, but for the last of a claim; the bucket keeps what was deleted", async () => {
    const folder = join(work, redis);
    kubelet.env = { KEEP_DAYS: "7" };
    const before = await copies();
    const old = { host: "data-gone-0", time: "2001-01-01 00:00:00" };
    // A claim that is gone, and a copy of one that is there, both of long ago.
    for (const host of [old.host, redis])
      succeeded(await restic(["backup", `--host=${host}`, "--group-by=host", `--time=${old.time}`, "/etc/hostname"]));
    await snapshot(redis, folder, 600_000);
    succeeded(await run("kept"));
    const left = await copies();
    expect(left.filter(({ time }) => time.startsWith("2001")).map(({ hostname }) => hostname)).toEqual([old.host]);
    expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining(before.map(({ id }) => id)));
    const versions = await store.mc(["ls", "--versions", "--json", `${bucket}/snapshots/`]);
    const markers = versions.stdout
      .trim()
      .split("\n")
      .filter((line) => (JSON.parse(line) as { isDeleteMarker?: boolean }).isDeleteMarker);
    expect(markers).toHaveLength(1);
  });

  it("are made by an account that may do just that", async () => {
    const api = cluster.config.makeApiClient(AuthorizationV1Api);
    const may = async (verb: string, resource: string, group = "", name?: string) => {
      const user = `system:serviceaccount:${namespace}:${workload}`;
      const spec = { user, resourceAttributes: { namespace, verb, resource, group, ...(name && { name }) } };
      return (await api.createSubjectAccessReview({ body: { spec } })).status?.allowed;
    };
    expect(await may("create", "jobs", "batch")).toBe(true);
    expect(await may("get", "cronjobs", "batch", "volume-copy")).toBe(true);
    expect(await may("get", "cronjobs", "batch", "volume-copies")).toBe(false);
    expect(await may("delete", "persistentvolumeclaims")).toBe(false);
    expect(await may("delete", "volumesnapshots", "snapshot.storage.k8s.io")).toBe(false);
    expect(await may("get", "secrets")).toBe(false);
    expect(await may("get", "pods/log")).toBe(false);
  });
});

/** What a folder has, but for what belongs to its file system. */
async function listing(folder: string): Promise<Record<string, unknown>> {
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path !== "lost+found");
  const entries = paths.map(async (path) => {
    const at = join(folder, path);
    const stats = await lstat(at);
    const { mode, uid, gid, mtimeMs } = stats;
    const contents = stats.isSymbolicLink()
      ? await readlink(at)
      : stats.isFile()
        ? createHash("sha256")
            .update(await readFile(at))
            .digest("hex")
        : "";
    return [path, { mode, uid, gid, contents, ...(stats.isFile() && { mtimeMs }) }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

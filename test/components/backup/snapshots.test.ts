import { AuthorizationV1Api, BatchV1Api, KubernetesObjectApi, type KubernetesObject } from "@kubernetes/client-node";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { execa } from "execa";
import { addClaim, removeVolume } from "../../support/boundClaim.ts";
import { binDir, clusterTimeout, testCluster, testNamespace, type TestCluster } from "../../support/cluster.ts";
import { CsiDriver } from "../../support/csiDriver.ts";
import { runInDebian, startInDebian, usesDebian, type DebianProgram, type DebianResult } from "../../support/debian.ts";
import type { Declared } from "../../support/mocks.ts";
import { withAccount } from "../../support/podAccount.ts";
import { containerProgram, podSpec } from "../../support/renderedPod.ts";
import { declareBackups } from "../../support/backupSample.ts";

usesDebian();

const workload = "volume-snapshots";
const claims = ["data-redis-0", "data-redis-1"];
const ours = { "dify-ha/snapshot": "scheduled" };
const day = 86_400_000;

/** The job as the program declares it, with its account and its rights, at a real API server; the driver is played by the test. In this order. */
describe("snapshots of volumes", { timeout: 60_000 }, () => {
  let cluster: TestCluster;
  let namespace: string;
  let driver: CsiDriver;
  let resources: Declared[];
  let program: DebianProgram;

  beforeAll(async () => {
    cluster = await testCluster();
    namespace = await testNamespace(cluster);
    resources = await declareBackups({ backup: { snapshots: { class: "zfs" } } });
    const api = cluster.config.makeApiClient(KubernetesObjectApi);
    for (const { inputs } of resources.filter(({ name }) => name === workload || name === "dify-zfs"))
      if (inputs["kind"])
        await api.create(
          JSON.parse(JSON.stringify(inputs).replaceAll('"dify-data"', `"${namespace}"`)) as KubernetesObject,
        );
    const labels = { "app.kubernetes.io/part-of": "dify-ha" };
    for (const name of claims) await addClaim(cluster, namespace, { name, labels });
    await addClaim(cluster, namespace, { name: "somebody-elses" });
    const rendered = containerProgram(resources, podSpec(resources, "CronJob", workload), "snapshots");
    program = await withAccount(cluster, namespace, workload, { ...rendered, env: { ...rendered.env, PATIENCE: "1" } });
    driver = await CsiDriver.start(cluster, namespace);
  }, clusterTimeout);
  afterAll(async () => {
    await driver.stop();
    for (const claim of [...claims, "somebody-elses"]) await removeVolume(cluster, namespace, claim);
  });
  beforeEach(() => driver.fates.clear());

  const withEnv = (env: Record<string, string>) => ({ ...program, env: { ...program.env, ...env } });
  const run = (RUN: string, env: Record<string, string> = {}): Promise<DebianResult> =>
    runInDebian(withEnv({ RUN, ...env }));
  const succeeded = (result: DebianResult) => expect(result.exitCode, result.stderr + result.stdout).toBe(0);
  const made = async (job: string) =>
    (await driver.snapshots()).filter(({ metadata }) => metadata.labels?.["dify-ha/run"] === job);
  const namesOf = async () => (await driver.snapshots()).map(({ metadata }) => metadata.name).toSorted();
  const taken = (daysAgo: number) => ({
    readyToUse: true,
    creationTime: `${new Date(Date.now() - daysAgo * day).toISOString().slice(0, 19)}Z`,
  });

  it("say what they would do, and do nothing", async () => {
    const result = await run("dry", { DRY_RUN: "yes" });
    succeeded(result);
    for (const claim of claims) expect(result.stdout).toContain(`would make ${claim}-`);
    expect(await driver.snapshots()).toEqual([]);
  });

  it("are made of every claim that the labels name, and are waited for", async () => {
    const result = await run("first");
    succeeded(result);
    const found = await made("first");
    expect(found.map(({ spec }) => spec.source.persistentVolumeClaimName).toSorted()).toEqual(claims);
    for (const { metadata, status } of found) {
      expect(metadata.labels).toMatchObject({ ...ours, "app.kubernetes.io/part-of": "dify-ha" });
      expect(status?.readyToUse).toBe(true);
      expect(result.stdout).toContain(`${metadata.name} is ready`);
    }
    expect(await driver.snapshots()).toHaveLength(2);
  });

  it("go when they are too old or too many, the oldest first; those of people stay", async () => {
    driver.fates.set("data-redis-0", "silent");
    for (const age of [9, 12, 3, 2]) {
      await driver.create(`data-redis-0-aged-${age}`, "data-redis-0", ours);
      await driver.say(`data-redis-0-aged-${age}`, taken(age));
    }
    await driver.create("before-the-upgrade", "data-redis-0");
    await driver.say("before-the-upgrade", taken(90));
    driver.fates.clear();
    const dry = await run("second", { DRY_RUN: "yes", KEEP: "3" });
    const result = await run("second", { KEEP: "3" });
    succeeded(result);
    const removed = [...result.stdout.matchAll(/removed (\S+):/g)].map(([, name]) => name);
    expect(removed).toEqual(["data-redis-0-aged-12", "data-redis-0-aged-9", "data-redis-0-aged-3"]);
    expect([...dry.stdout.matchAll(/would remove (\S+):/g)].map(([, name]) => name)).toEqual(removed);
    const left = await namesOf();
    expect(left).toEqual(expect.arrayContaining(["before-the-upgrade", "data-redis-0-aged-2"]));
    expect(left.filter((name) => name.startsWith("data-redis-1"))).toHaveLength(2);
  });

  it("that fail are told, count for nothing, and let no older one go", async () => {
    for (const { metadata, spec } of await driver.snapshots())
      if (spec.source.persistentVolumeClaimName === "data-redis-1") await driver.say(metadata.name, taken(30));
    const before = await namesOf();
    driver.fates.set("data-redis-1", "failed");
    const result = await run("third");
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/data-redis-1-\S+ has failed: the pool has no space. It is no backup/);
    expect(result.stdout).toMatch(/data-redis-0-\S+ is ready/);
    expect(await namesOf()).toEqual(expect.arrayContaining(before));
    // One that is tried again is made once more only where it failed.
    driver.fates.clear();
    succeeded(await run("third"));
    const byClaim = (claim: string, all: Awaited<ReturnType<typeof made>>) =>
      all.filter(({ spec }) => spec.source.persistentVolumeClaimName === claim);
    const attempts = await made("third");
    expect(claims.map((claim) => byClaim(claim, attempts).length)).toEqual([1, 2]);
  });

  it("of a run that is killed are taken up by the next attempt", async () => {
    for (const claim of claims) driver.fates.set(claim, "silent");
    const killed = startInDebian(withEnv({ RUN: "fourth" }));
    await killed.printed(/making data-redis-1/);
    killed.kill();
    await killed.ended;
    driver.fates.clear();
    const next = await run("fourth");
    succeeded(next);
    expect(next.stdout).not.toContain("making");
    expect(await made("fourth")).toHaveLength(2);
  });

  it("that never became ready are told, and cleaned up by the next run", async () => {
    driver.fates.set("data-redis-0", "silent");
    const result = await run("fifth", { DEADLINE: "6" });
    expect(result.exitCode).toBe(1);
    const [stuck = ""] = (await made("fifth")).filter(({ status }) => !status).map(({ metadata }) => metadata.name);
    expect(result.stderr).toContain(`${stuck} is not ready in time. Is there a snapshot controller`);
    await new Promise((done) => setTimeout(done, 7000));
    driver.fates.set("data-redis-0", "silent");
    const next = await run("sixth", { DEADLINE: "6" });
    expect(next.stdout).toContain(`removed ${stuck}: it never became ready`);
  });

  it("end when they are told to stop", async () => {
    driver.fates.set("data-redis-0", "silent");
    const program = startInDebian(withEnv({ RUN: "seventh" }));
    await program.printed(/data-redis-1-\S+ is ready/);
    program.signal("TERM");
    const ended = await program.ended;
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain("was told to stop");
  });

  it("are made by an account that may do just that", async () => {
    const api = cluster.config.makeApiClient(AuthorizationV1Api);
    const may = async (verb: string, resource: string, group = "") => {
      const user = `system:serviceaccount:${namespace}:${workload}`;
      const spec = { user, resourceAttributes: { namespace, verb, resource, group } };
      return (await api.createSubjectAccessReview({ body: { spec } })).status?.allowed;
    };
    const group = "snapshot.storage.k8s.io";
    expect(await may("delete", "volumesnapshots", group)).toBe(true);
    expect(await may("update", "volumesnapshots", group)).toBe(false);
    expect(await may("delete", "persistentvolumeclaims")).toBe(false);
    expect(await may("get", "secrets")).toBe(false);
  });

  it("can be tried by hand as the documents say", async () => {
    const kubectl = `${join(binDir, "kubectl")} --kubeconfig=${cluster.kubeconfig}`;
    const create = `${kubectl} -n ${namespace} create job --from=cronjob/${workload} dry --dry-run=client -o yaml`;
    await execa(`${create} | ${kubectl} set env --local -f - DRY_RUN=yes -o yaml | ${kubectl} create -f -`, {
      shell: true,
    });
    const job = await cluster.config.makeApiClient(BatchV1Api).readNamespacedJob({ name: "dry", namespace });
    expect(job.spec?.template.spec?.containers[0]?.env).toContainEqual({ name: "DRY_RUN", value: "yes" });
  });

  it("say so when nothing has the labels", async () => {
    const result = await run("eighth", { SELECTOR: "app=nothing" });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("no claim with a volume has the labels app=nothing");
  });
});

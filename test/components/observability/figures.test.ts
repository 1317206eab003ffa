import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { pushgatewayArguments } from "../../../components/observability/pushgateway.ts";
import { scrapeConfigs } from "../../../components/observability/scrapeConfig.ts";
import { BackedUpCluster, type Change } from "../../support/backedUpCluster.ts";
import { usesDebian, type DebianResult } from "../../support/debian.ts";
import { podSpec } from "../../support/renderedPod.ts";
import { settings } from "../../support/settings.ts";

usesDebian();

const redisHost = "redis-0.dify-data.svc.cluster.local";
const hosts = { redis: "127.0.6.1", pushgateway: "127.0.7.1", prometheus: "127.0.7.2" } as const;

/** What a pod's account would have; nobody listens there. */
const nobody: Change = {
  env: { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: "1" },
  files: Object.fromEntries(
    ["namespace", "token", "ca.crt"].map((file) => [`/var/run/secrets/kubernetes.io/serviceaccount/${file}`, ""]),
  ),
};

/** What Prometheus is told of the Pushgateway, with an address in place of a name to look up. */
function prometheusConfig(): string {
  const watched = settings({ observability: { backend: "operator" }, network: { monitoringNamespace: "monitoring" } });
  const found = scrapeConfigs(watched, { interval: 1, authorityFile: "/ca.crt" }).find(
    ({ job_name: job }) => job === "pushgateway",
  );
  const { dns_sd_configs: names, ...config } = found ?? {};
  expect(names).toEqual([{ names: ["_http._tcp.pushgateway.dify-data.svc.cluster.local"], type: "SRV" }]);
  return stringify({
    scrape_configs: [{ ...config, static_configs: [{ targets: [`${hosts.pushgateway}:9091`] }] }],
  });
}

type Labels = Readonly<Record<string, string>>;
interface Answer {
  readonly data: { readonly result: readonly { readonly metric: Labels; readonly value: readonly [number, string] }[] };
}

/** Jobs as the program declares them, a real Pushgateway, and a real Prometheus that reads it. One after another. */
describe("figures of jobs", { timeout: 400_000 }, () => {
  let backedUp: BackedUpCluster;

  beforeAll(async () => {
    backedUp = await BackedUpCluster.start({
      others: [`${hosts.redis} ${redisHost}`, `${hosts.pushgateway} pushgateway.dify-data.svc.cluster.local`],
      drills: {},
      figures: true,
    });
    const redis = backedUp.cluster.start(redisHost, {
      argv: ["redis-server", "--bind", hosts.redis, "--requirepass", "a password of redisPassword", "--dir", "/tmp"],
    });
    await redis.printed(/Ready to accept connections/);
    backedUp.startResumer(0);
    const { env, files } = backedUp.cluster.client("dify");
    const sql = "CREATE TABLE messages AS SELECT i AS id FROM generate_series(1, 1000) AS i";
    succeeded(await backedUp.cluster.run({ argv: ["psql", "-XAtqc", sql], env, files }));
    const [store] = backedUp.stores;
    await store.put("dify-files", "upload_files/text.txt", "the same words again, ".repeat(200), "dify");
    await store.put("dify-plugins", "a.difypkg", "a plugin", "plugins");
  }, 400_000);
  afterAll(() => backedUp.stop());

  const succeeded = (result: DebianResult) => expect(result.exitCode, result.stderr + result.stdout).toBe(0);
  const run = (job: string, container: string, change?: Change) => backedUp.run(job, container, change);

  /** Series of a query, once there are some. */
  async function asked(query: string): Promise<Answer["data"]["result"]> {
    const url = `http://${hosts.prometheus}:9090/api/v1/query`;
    const ask = `for i in $(seq 40); do curl -s ${url} --data-urlencode 'query=${query}' | tee /tmp/answer; grep -q '"value"' /tmp/answer && break; echo; sleep 0.5; done`;
    const { stdout } = await backedUp.cluster.run({ argv: ["sh", "-c", ask] });
    return (JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Answer).data.result;
  }

  async function value(query: string): Promise<number> {
    const [found, ...others] = await asked(query);
    expect(others, query).toEqual([]);
    return Number(found?.value[1]);
  }

  it("are not told when nobody listens, and the backup is none the worse", async () => {
    const result = await run("postgres-full", "pgbackrest");
    succeeded(result);
    expect(result.stderr).toMatch(/push: the figures of postgres were not told to http:\/\/pushgateway.*refused/);
    succeeded(await run("postgres-offsite-full", "pgbackrest"));
  });

  it("reach Prometheus with the labels of the job", async () => {
    const address = `${hosts.pushgateway}:9091`;
    const pushgateway = backedUp.cluster.start("pushgateway", {
      argv: ["prometheus-pushgateway", ...pushgatewayArguments("/tmp/figures", address)],
    });
    await pushgateway.printed(/listen/i);
    const prometheus = backedUp.cluster.start("prometheus", {
      argv: [
        "prometheus",
        ...["--config.file=/etc/test/prometheus.yml", "--storage.tsdb.path=/tmp/prometheus"],
        `--web.listen-address=${hosts.prometheus}:9090`,
      ],
      files: { "/etc/test/prometheus.yml": prometheusConfig() },
    });
    await prometheus.printed(/ready to receive web requests/);

    const full = await run("postgres-full", "pgbackrest");
    succeeded(full);
    expect(full.stderr).not.toContain("push:");
    const [base] = await asked("dify_backup_bytes");
    expect(base?.metric).toMatchObject({
      ...{ job: "postgres-full", dataset: "postgres", site: "cluster", kind: "full", namespace: "dify-data" },
    });
    expect(Number(base?.value[1])).toBeGreaterThan(1_000_000);
    expect(await value("dify_backup_changed_bytes")).toBe(Number(base?.value[1]));
    expect(await value("dify_backup_compressed_ratio")).toBeLessThan(0.5);
    expect(await value("time() - dify_backup_last_success_timestamp_seconds")).toBeLessThan(60);
    expect(await value("dify_backup_duration_seconds")).toBeLessThan(400);
  });

  it("tell of objects how many there are, how many changed and how well they can be compressed", async () => {
    succeeded(await run("objects-copy", "copy"));
    const of = (figure: string) =>
      value(`dify_backup_${figure}{job="objects-copy", site="cluster", bucket="dify-files"}`);
    expect([await of("objects"), await of("bytes")]).toEqual([1, 4400]);
    expect([await of("changed_objects"), await of("changed_bytes")]).toEqual([1, 4400]);
    expect(await of("compressed_ratio")).toBeLessThan(0.1);
    expect(await value('dify_backup_objects{job="objects-copy", site="offsite", bucket="dify-files"}')).toBe(1);
  });

  it("tell of a coordinated backup how long writers waited, and the rows of each table", async () => {
    for (const container of ["freeze", "redis", "upload", "objects"])
      succeeded(await run("coordinated-backup", container));
    await run("coordinated-backup", "record", nobody);
    const paused = await value("dify_coordinated_pause_seconds");
    process.stderr.write(`figures: writers waited ${paused} s\n`);
    expect(paused).toBeGreaterThan(0);
    expect(paused).toBeLessThan(30);
    expect(await value('dify_backup_rows{database="dify", table="public.messages"}')).toBe(1000);
    // Of the snapshot of Redis, which is a part of it.
    expect(
      await value('dify_backup_bytes{job="coordinated-backup", dataset="coordinated", site="offsite"}'),
    ).toBeLessThan(1000);
    // Nothing was changed since the copy before, and it is complete with its record alone.
    expect(
      await value('dify_backup_changed_objects{job="coordinated-backup", site="cluster", bucket="dify-files"}'),
    ).toBe(0);
    expect(
      await value('count(dify_backup_last_success_timestamp_seconds{job="coordinated-backup"}) or vector(0)'),
    ).toBe(0);
    succeeded(await run("coordinated-backup", "deposit"));
    expect(await value('count(dify_backup_last_success_timestamp_seconds{job="coordinated-backup"} > 0)')).toBe(1);
  });

  it("tell of a drill what it measured, and each check", async () => {
    const { initContainers } = podSpec(backedUp.resources, "CronJob", "drill-light");
    for (const { name } of initContainers) succeeded(await run("drill-light", name, nobody));
    const { stdout } = await run("drill-light", "result", nobody);
    const of = (figure: string) => value(`dify_drill_${figure}{job="drill-light", kind="light", site="cluster"}`);
    const said = (figure: string) => Number(new RegExp(`"${figure}": ([\\d.]+)`).exec(stdout)?.[1]);
    expect([await of("rto_seconds"), await of("rpo_seconds")]).toEqual([said("rtoSeconds"), said("rpoSeconds")]);
    expect([await of("passed"), await of("checks_failed")]).toEqual([1, 0]);
    expect(await value('dify_drill_check_passed{check="locks hold"}')).toBe(1);
    expect(await value("count(dify_drill_check_passed)")).toBe(11);
  });
});

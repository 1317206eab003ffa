import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runInDebian, usesDebian } from "../../support/debian.ts";
import { settings } from "../../support/settings.ts";
import { MonitoringPair } from "./monitoringPair.ts";

usesDebian();

const bundled = settings({
  observability: { backend: "bundled", interval: 5, prometheus: { retention: { days: 1 } } },
  notices: {
    receivers: [{ kind: "pager", name: "oncall", gets: { critical: "always", warning: "always" } }],
    groupWait: 1,
    groupInterval: 10,
  },
});

/** What kube-state-metrics says of a CronJob whose last run failed. */
function failed(cronJob: string): string {
  const at = 'namespace="dify-data"';
  const job = `${at},job_name="${cronJob}-1"`;
  return [
    `kube_cronjob_created{${at},cronjob="${cronJob}"} 1000`,
    `kube_job_failed{${job},condition="true"} 1`,
    `kube_job_status_start_time{${job}} 2000`,
    `kube_job_owner{${job},owner_kind="CronJob",owner_name="${cronJob}"} 1`,
    "",
  ].join("\n");
}

type Labels = Readonly<Record<string, string>>;
interface Notice {
  readonly status: string;
  readonly alerts: readonly { readonly labels: Labels }[];
}

/** Alertmanager's own wait for the one before it; then the second has sent, or never will. */
const peerTimeout = 15_000;

/** Real programs from the rendered files; what stands for kube-state-metrics, which Debian lacks, is a file. */
describe("two Prometheus servers and two Alertmanagers", { timeout: 90_000 }, () => {
  let kubeState: string;
  let pair: MonitoringPair;

  const say = async (text: string) => {
    await writeFile(join(kubeState, "metrics.new"), text);
    await rename(join(kubeState, "metrics.new"), join(kubeState, "metrics"));
  };

  beforeAll(async () => {
    kubeState = await mkdtemp(join(tmpdir(), "kube-state-"));
    await say("");
    pair = await MonitoringPair.open(bundled, kubeState);
    await Promise.all([pair.alertmanager("alertmanager-0"), pair.alertmanager("alertmanager-1")]);
    await Promise.all([pair.prometheus("prometheus-0"), pair.prometheus("prometheus-1")]);
  }, 90_000);
  afterAll(async () => {
    await pair.close();
    await rm(kubeState, { recursive: true });
  });

  const eventually = (check: () => Promise<void> | void, seconds = 40) =>
    vi.waitFor(check, { timeout: seconds * 1000, interval: 500 });
  /** Notices about an alert, oldest first. */
  const told = (alertname: string): Notice[] =>
    pair.calls
      .map(({ body }) => body as Notice)
      .filter(
        ({ status, alerts }) => status === "firing" && alerts.some(({ labels }) => labels["alertname"] === alertname),
      );
  const query = async (name: "prometheus-0" | "prometheus-1", expr: string): Promise<Labels[]> => {
    const answer = await pair.ask(name, `/api/v1/query?query=${encodeURIComponent(expr)}`);
    const { result } = (answer as { data: { result: { metric: Labels }[] } }).data;
    return result.map(({ metric }) => metric);
  };
  const peers = async (name: "alertmanager-0" | "alertmanager-1"): Promise<number> => {
    const { cluster } = (await pair.ask(name, "/api/v2/status")) as { cluster: { peers: unknown[] } };
    return cluster.peers.length;
  };

  it("have files that their own programs take", async () => {
    const files = pair.files();
    const checks = [
      ["promtool", "check", "config", "--lint-fatal", "/etc/prometheus/prometheus.yml"],
      ["amtool", "check-config", "/etc/alertmanager/alertmanager.yml"],
    ] as const;
    for (const argv of checks) {
      const { exitCode, stderr } = await runInDebian({ argv: [...argv], files });
      expect(stderr).toBe("");
      expect(exitCode).toBe(0);
    }
  });

  it("find each other by name, and scrape each other", async () => {
    for (const name of ["prometheus-0", "prometheus-1"] as const)
      await eventually(async () => {
        const up = await query(name, 'up{job=~"prometheus|alertmanager"} == 1');
        expect(up.map(({ job, pod, namespace }) => `${namespace} ${job} ${pod}`).toSorted()).toEqual(
          ["alertmanager", "prometheus"].flatMap((job) => [0, 1].map((i) => `dify-data ${job} ${job}-${i}`)),
        );
        // Of each server.
        expect(await query(name, "prometheus_notifications_alertmanagers_discovered == 2")).toHaveLength(2);
      });
    for (const name of ["alertmanager-0", "alertmanager-1"] as const)
      await eventually(async () => expect(await peers(name)).toBe(2));
  });

  it("tell once of what both have found", async () => {
    await say(failed("postgres-check"));
    const firing = 'ALERTS{alertname="ArchiveCheckFailed", alertstate="firing"}';
    for (const name of ["prometheus-0", "prometheus-1"] as const)
      await eventually(async () => expect(await query(name, firing)).toHaveLength(1));
    for (const name of ["alertmanager-0", "alertmanager-1"] as const)
      await eventually(async () => {
        const alerts = (await pair.ask(name, "/api/v2/alerts")) as { labels: Labels }[];
        expect(alerts.filter(({ labels }) => labels["alertname"] === "ArchiveCheckFailed")).toHaveLength(1);
      });
    await eventually(() => expect(told("ArchiveCheckFailed")).toHaveLength(1));
    await delay(peerTimeout + 5000);
    expect(told("ArchiveCheckFailed")).toHaveLength(1);
    expect(told("ArchiveCheckFailed")[0]?.alerts).toMatchObject([{ labels: { severity: "critical", stack: "dify" } }]);
  });

  it("let nobody in who has no certificate of the stack", async () => {
    await pair.alertmanager("alertmanager-1", "127.0.2.9", false);
    await eventually(() =>
      expect(pair.running.get("alertmanager-1 without certificate")?.output).toMatch(/Failed to join|failed to join/),
    );
    expect(await peers("alertmanager-0")).toBe(2);
  });

  it("tell once, too, when one of each is lost", async () => {
    pair.running.get("prometheus-0")?.kill();
    pair.running.get("alertmanager-0")?.kill();
    await say(failed("postgres-check") + failed("redis-rdb"));
    await eventually(() => expect(told("BackupRunFailed")).toHaveLength(1), 60);
    await delay(peerTimeout + 5000);
    expect(told("BackupRunFailed")).toHaveLength(1);
    // What was told before the loss is not told again.
    expect(told("ArchiveCheckFailed")).toHaveLength(1);
  });
});

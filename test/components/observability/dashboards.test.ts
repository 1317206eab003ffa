import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { dashboards } from "../../../components/observability/dashboards/index.ts";
import { maximumAge, scheduledJobs } from "../../../components/backup/schedules.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";
import { wholeStack } from "./sample.ts";

const whole = wholeStack();
const panels = dashboards(whole).flatMap(({ name, rows }) =>
  rows.flatMap((row) => row.panels.map((panel) => ({ ...panel, place: `${name}, ${row.title}, ${panel.title}` }))),
);
const minutes = 10;

/** What Prometheus answers to the queries of a panel: promtool prints what it got in place of nothing. */
async function answers(title: string, series: Readonly<Record<string, string>>): Promise<number[]> {
  const panel = panels.find((each) => each.title === title);
  if (!panel) throw new Error(`no panel ${title}`);
  const test = {
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: panel.queries.map(({ expr }) => ({ expr, eval_time: `${minutes}m`, exp_samples: [] })),
      },
    ],
  };
  const files = { "/tests/test.yml": stringify(test, { lineWidth: 0 }) };
  const { stderr } = await runInDebian({ argv: ["promtool", "test", "rules", "/tests/test.yml"], files });
  return [...stderr.matchAll(/got: \{.*?\} (\S+)$/gm)].map(([, value]) => Number(value));
}

const always = (value: number) => `${value}x${minutes}`;

describe("dashboards", () => {
  usesDebian();

  it("ask what Prometheus understands", async () => {
    const rules = panels.flatMap(({ queries }) => queries.map(({ expr }, i) => ({ record: `query_${i}`, expr })));
    const groups = [{ name: "queries", rules }];
    const { exitCode, stderr } = await runInDebian({
      argv: ["promtool", "check", "rules", "--lint=none", "/tests/rules.yml"],
      files: { "/tests/rules.yml": stringify({ groups }, { lineWidth: 0 }) },
    });
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });

  it("say of each panel what is well, and give each a place of its own", () => {
    expect(panels.filter(({ description }) => description.length < 10)).toEqual([]);
    expect(new Set(panels.map(({ place }) => place)).size).toBe(panels.length);
  });

  it("show every backup by the share of the age that it may have", async () => {
    const jobs = scheduledJobs(whole).filter(({ does }) => does !== "drill");
    const series = Object.fromEntries(
      jobs.map((job) => [
        `kube_cronjob_status_last_successful_time{namespace="dify-data", cronjob="${job.name}"}`,
        always(minutes * 60 - maximumAge(job) / 2),
      ]),
    );
    expect(await answers("Age of the newest copy", series)).toEqual(jobs.map(() => 0.5));
  });

  it("show how long the object store lasts as it fills, and nothing while it does not", async () => {
    const free = 'minio_cluster_capacity_usable_free_bytes{namespace="dify-data", job="minio", pod="minio-0"}';
    // 60 a minute: a second for each of the 5400 that are left after ten minutes.
    expect(await answers("Full in", { [free]: "6000-60x20" })).toEqual([5400]);
    expect(await answers("Full in", { [free]: always(6000) })).toEqual([]);
  });
});

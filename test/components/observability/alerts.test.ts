import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { maximumAge, scheduledJobs } from "../../../components/backup/schedules.ts";
import { alertGroups } from "../../../components/observability/alerts/index.ts";
import { recordingGroups, ruleGroups, rulesFile } from "../../../components/observability/rules.ts";
import { scrapeConfigs } from "../../../components/observability/scrapeConfig.ts";
import { allRunbooks } from "../../../runbooks/runbook/read.ts";
import { drillMaxAge } from "../../../runbooks/status/bars.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";
import { settings } from "../../support/settings.ts";
import { cases } from "./cases.ts";
import { printingTests, trials, unitTests } from "./promtool.ts";
import { wholeStack } from "./sample.ts";

const whole = wholeStack();
const alerts = alertGroups(whole).flatMap((group) => group.alerts);
const names = [...new Set(alerts.map(({ name }) => name))];

/** Runs promtool over files that lie in one folder. */
function promtool(args: readonly string[], files: Readonly<Record<string, string>>, timeoutSeconds = 60) {
  const placed = Object.entries(files).map(([name, text]) => [`/tests/${name}`, text] as const);
  return runInDebian({ argv: ["promtool", ...args], files: Object.fromEntries(placed), timeoutSeconds });
}

const testFiles = (files: Readonly<Record<string, string>>) =>
  Object.keys(files)
    .filter((name) => /-test-/.test(name))
    .map((name) => `/tests/${name}`);

describe("alerts", () => {
  usesDebian();
  const tried = trials(whole);

  it("are each tried on what they must notice and on what they must not", () => {
    expect(Object.keys(cases).toSorted()).toEqual(names.toSorted());
    const without = (fires: boolean) =>
      names.filter((name) => !tried.some((trial) => trial.rule.alert === name && trial.fires === fires));
    expect(without(true)).toEqual([]);
    // That one fires always.
    expect(without(false)).toEqual(["Watchdog"]);
  });

  it("fire on the one and are silent on the other", { timeout: 240_000 }, async () => {
    const files = unitTests(tried);
    const { exitCode, stderr } = await promtool(["test", "rules", ...testFiles(files)], files, 220);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });

  it("say what is wrong, with all names and figures filled in", { timeout: 240_000 }, async () => {
    const files = printingTests(tried);
    const { exitCode, stderr } = await promtool(["test", "rules", ...testFiles(files)], files, 220);
    expect(exitCode).toBe(1);
    const printed = [...stderr.matchAll(/alertname: (\w+), time[^]*?summary="((?:[^"\\]|\\.)*)"/g)];
    const words = new Map(printed.map(([, name = "", summary = ""]) => [name, summary]));
    expect([...words.keys()].toSorted()).toEqual(names.toSorted());
    // A label that a series lacks leaves nothing in its place.
    expect([...words.values()].filter((summary) => /\{\{|<error|NaN| {2}|^ | [.,:]|\(\)/.test(summary))).toEqual([]);
  });

  it("are rules that Prometheus takes, of every environment's shape", async () => {
    const place = (bucket: string) => ({ bucket, accessKey: "user" });
    const shapes = {
      whole,
      least: settings({ vectorStore: { kind: "pgvector" }, drills: { enabled: false } }),
      external: settings({
        postgres: { backend: "external", host: "db.example.com" },
        redis: { backend: "external", host: "redis.example.com" },
        objectStore: {
          backend: "s3",
          region: "eu-central-1",
          dify: place("dify"),
          plugins: place("plugins"),
          backups: place("backups"),
          catalogue: place("catalogue"),
        },
      }),
    };
    const files = Object.fromEntries(Object.entries(shapes).map(([name, s]) => [`${name}.yml`, rulesFile(s)]));
    const { exitCode, stdout, stderr } = await promtool(
      ["check", "rules", "--lint-fatal", ...Object.keys(files).map((name) => `/tests/${name}`)],
      files,
    );
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    const recorded = recordingGroups(whole).flatMap(({ rules }) => rules);
    expect(stdout).toContain(`SUCCESS: ${alerts.length + recorded.length} rules found`);
  });

  it("name a runbook that there is", () => {
    const runbooks = allRunbooks().map(({ name }) => name);
    expect(alerts.filter(({ runbook }) => !runbooks.includes(runbook))).toEqual([]);
  });

  it("name every CronJob that runs, with the age that its own schedule allows", () => {
    for (const job of scheduledJobs(whole)) {
      const late = alerts.filter(({ name, labels }) => /Late$/.test(name) && labels?.["cronjob"] === job.name);
      const age = job.does === "drill" ? drillMaxAge[job.name === "drill-light" ? "light" : "full"] : maximumAge(job);
      expect(late.map(({ expr }) => expr)).toEqual([expect.stringMatching(`cronjob="${job.name}".* > ${age}$`)]);
    }
  });

  it("are about this stack's namespaces alone, but for what all share", () => {
    const free = alerts.filter(({ expr }) => !/namespace=~?"dify[-|"]/.test(expr));
    expect(free.map(({ name }) => name)).toEqual(["ZoneLost", "Watchdog"]);
  });

  it("belong to groups whose names other stacks do not use", () =>
    expect(ruleGroups(whole).filter(({ name }) => !name.startsWith("dify-"))).toEqual([]));
});

describe("what is scraped", () => {
  usesDebian();

  it("is a configuration that Prometheus takes", async () => {
    const authorityFile = "/tests/ca.crt";
    const text = stringify({ scrape_configs: scrapeConfigs(whole, { interval: 30, authorityFile }) });
    const { exitCode, stderr } = await promtool(["check", "config", "/tests/prometheus.yml"], {
      "prometheus.yml": text,
      "ca.crt": "the authority's",
    });
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { alertViolations, backupAlerts } from "../../../policies/rules/backup/alerts.ts";
import type { Resource } from "../../../policies/read/resource.ts";

const job = { name: "redis-rdb", namespace: "dify-data" };
const about = (name: string, namespace: string) => `late{namespace="${namespace}", cronjob="${name}"} > 1`;

describe("a backup job", () => {
  it("has an alert that names it", () =>
    expect(
      alertViolations({ ...job, expressions: [about("x", "dify-data"), about("redis-rdb", "dify-data")] }),
    ).toEqual([]));

  it.each([
    ["alerts about others", [about("x", "dify-data")], "no alert is about it"],
    ["an alert about another stack's job of its name", [about("redis-rdb", "other-data")], "no alert is about it"],
    ["no alert", [], "the stack has no alerts"],
  ])("is refused with %s", (_, expressions, message) =>
    expect(alertViolations({ ...job, expressions })).toEqual([expect.stringContaining(message)]),
  );
});

describe("a stack without alerts", () => {
  const cronJob = (name: string, annotations = {}): Resource => ({
    type: "kubernetes:batch/v1:CronJob",
    name,
    inputs: { metadata: { name, namespace: "dify-data", annotations } },
  });
  const stack = [
    cronJob("cleaning"),
    cronJob("redis-rdb", { "dify-ha/backs-up": "redis-rdb" }),
    cronJob("drill-full"),
    cronJob("restore-redis", { "dify-ha/template": "yes" }),
  ];

  it("is told so once", () =>
    expect(stack.map((resource) => backupAlerts.judge(resource, stack, {}, undefined).violations.length)).toEqual([
      0, 1, 0, 0,
    ]));

  it("has some when a Prometheus of its own reads them from a file", () => {
    const named = (expr: string) => `groups: [{ name: a, rules: [{ alert: BackupLate, expr: '${expr}' }] }]`;
    const file = (expr: string): Resource => ({
      type: "kubernetes:core/v1:ConfigMap",
      name: "prometheus",
      inputs: { metadata: { name: "prometheus", namespace: "dify-data" }, data: { "rules.yml": named(expr) } },
    });
    const watched = stack.filter(({ name }) => name === "redis-rdb");
    const judged = (rules: Resource) =>
      watched.flatMap((each) => backupAlerts.judge(each, [...watched, rules], {}, undefined).violations);
    expect(judged(file(about("redis-rdb", "dify-data")))).toEqual([]);
    expect(judged(file(about("others", "dify-data")))).toEqual([expect.stringContaining("no alert is about it")]);
  });
});

import { backupJobOf } from "../../read/backups.ts";
import { kindOf, nameOf, namespaceOf, type Resource } from "../../read/resource.ts";
import { list, read, text } from "../../read/values.ts";
import { parsed } from "../../read/yaml.ts";
import { rule, violation } from "../../rule.ts";

/** A job whose silence would be noticed by nobody but an alert. */
export interface WatchedJob {
  readonly name: string;
  readonly namespace: string;
  /** Expressions of all alerts of the stack. */
  readonly expressions: readonly string[];
}

/** O2: an alert is about a CronJob when its expression names it, in its namespace. */
export function alertViolations({ name, namespace, expressions }: WatchedJob): string[] {
  const named = expressions.some(
    (expr) => expr.includes(`cronjob="${name}"`) && expr.includes(`namespace="${namespace}"`),
  );
  if (expressions.length === 0)
    return ["the stack has no alerts, and nobody is told when its backups fail: set observability.backend"];
  return violation(
    !named,
    `no alert is about it: add one to a PrometheusRule whose expression names cronjob="${name}" and namespace="${namespace}"`,
  );
}

/** What backs something up, and what restores it for trial. */
function isWatched(resource: Resource, drills: readonly string[]): boolean {
  return backupJobOf(resource) !== undefined || (kindOf(resource) === "CronJob" && drills.includes(nameOf(resource)));
}

/** Of a PrometheusRule, or of the file that a Prometheus of the stack's own reads. */
function expressionsOf(resource: Resource): string[] {
  const kind = kindOf(resource);
  if (kind === "PrometheusRule") return expressionsIn(read(resource.inputs, "spec"));
  const file = kind === "ConfigMap" ? text(resource.inputs, "data", "rules.yml") : undefined;
  return file === undefined ? [] : expressionsIn(parsed("rules.yml", file));
}

function expressionsIn(rules: unknown): string[] {
  const all = list(rules, "groups").flatMap((group) => list(group, "rules"));
  return all.flatMap((each) => (text(each, "alert") === undefined ? [] : (text(each, "expr") ?? [])));
}

export const backupAlerts = rule({
  name: "backup-alerts",
  requirement: "O2",
  description: "Every job that backs something up, and every drill, has an alert of its own.",
  why: "A backup that stops is noticed on the day of the restore, unless somebody is told.",
  remediation:
    "Set observability.backend, or declare a PrometheusRule with an alert whose expression names the CronJob and its namespace.",
  severity: "high",
  sees: "stack",
  parameters: {
    drills: {
      type: "array",
      items: { type: "string" },
      description: "CronJobs that restore something.",
      default: ["drill-light", "drill-full"],
    },
  },
  subjects: (resource, stack, { drills }) => {
    if (!isWatched(resource, drills)) return [];
    const expressions = stack.flatMap(expressionsOf);
    // That there is no alert at all is said once.
    if (expressions.length === 0 && stack.find((other) => isWatched(other, drills)) !== resource) return [];
    return [{ name: nameOf(resource), namespace: namespaceOf(resource), expressions }];
  },
  check: alertViolations,
});

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Alert } from "../components/observability/alerts/alert.ts";
import { alertGroups } from "../components/observability/alerts/index.ts";
import { loadSettings } from "../config/load.ts";
import { stackConfiguration } from "../render/program.ts";

export const alertsPage = fileURLToPath(new URL("alerts.md", import.meta.url));

const head = `# Alerts

Made from \`components/observability/alerts/\` by \`make golden\`; do not edit. These are those of stack prod; another one has those of the parts that it has.

With \`observability.backend: operator\` an operator of Prometheus that the cluster has gets them as a PrometheusRule, and PodMonitors for what is scraped. It must have
kube-state-metrics and the kubelets' metrics, both with \`honorLabels\`, so that \`namespace\` and \`pod\` are those of the objects. \`critical\` wakes somebody, \`warning\` can wait for the
morning, \`info\` is for who looks. With \`bundled\` the stack brings all of that itself, and has alerts about it besides: [monitoring.md](monitoring.md). \`npm run runbook -- NAME --stack STACK\` prints what to do, with the stack's own names. Who is told, and when: [notices.md](notices.md).

Two pages for Grafana lie beside them, as ConfigMaps with the label that the sidecar of its chart looks for (\`observability.dashboardLabels\`): availability, and backup and restore. Each
alert names the one that shows more. No Grafana has drawn them here yet: promtool takes all of their queries, and has answered those of two panels.

What no metric tells yet has no alert of its own: the age of certificates, the queues of Celery, Sentinel's votes. Gaps in the log are found by the CronJob postgres-check, locks that do not
hold by the drills: their failure is the alert.`;

/** Placeholders as a reader takes them: the label's or figure's name. */
function inWords(summary: string): string {
  return summary.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, "_$1_").replaceAll(/\{\{ \$value[^}]*\}\}/g, "_so much_");
}

const escaped = (cell: string) => cell.replaceAll("|", String.raw`\|`);

function row({ name, severity, summary, runbook, labels, ...rest }: Alert): string {
  const about = Object.values(labels ?? {}).map((value) => ` (${value})`);
  const link = `[${runbook}](../runbooks/${runbook}.md)`;
  const cells = [`\`${name}\`${about.join("")}`, severity, rest.for ?? "at once", inWords(summary), link];
  return `| ${cells.map(escaped).join(" | ")} |`;
}

/** The contents of docs/alerts.md. */
export function alertsMarkdown(): string {
  const parts = alertGroups(loadSettings(stackConfiguration("prod"))).map(({ name, alerts }) =>
    [
      `## ${name}\n`,
      "| Alert | Severity | After | What it means | Runbook |",
      "| --- | --- | --- | --- | --- |",
      ...alerts.map(row),
    ].join("\n"),
  );
  return `${[head, ...parts].join("\n\n")}\n`;
}

if (import.meta.main) {
  writeFileSync(alertsPage, alertsMarkdown());
  console.log("docs/alerts.md: written");
}

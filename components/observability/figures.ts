import { readFileSync } from "node:fs";
import type { Settings } from "../../config/settings.ts";
import { namespaceNames } from "../network/namespaces.ts";
import { serviceHost } from "../workload/service.ts";

/** Name of the workload to which jobs tell their figures, and its port. */
export const pushgateway = { name: "pushgateway", port: 9091 } as const;

const files = ["push.sh", "compressed.sh"];

/** Scripts by which a job tells its figures, to lie beside its own. */
export function figureScripts(): Readonly<Record<string, string>> {
  const folder = new URL("../../scripts/metrics/", import.meta.url);
  return Object.fromEntries(files.map((file) => [file, readFileSync(new URL(file, folder), "utf8")]));
}

/** What the containers of a CronJob are told, so that its figures bear its name; nothing where nobody reads them. */
export type Figures = (cronJob: string) => Readonly<Record<string, string>>;

export function figuresOf({ cluster, observability }: Pick<Settings, "cluster" | "observability">): Figures {
  if (observability.backend === "none") return () => ({});
  const host = serviceHost(pushgateway.name, namespaceNames(cluster).data);
  return (cronJob) => ({ FIGURES_URL: `http://${host}:${pushgateway.port}/metrics/job/${cronJob}` });
}

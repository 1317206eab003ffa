import type { Settings } from "../../../config/settings.ts";
import type { Dashboard } from "../dashboards/dashboard.ts";
import { alertLabels } from "../alertmanager/labels.ts";
import { namespaceNames, type Area } from "../../network/namespaces.ts";

/** "critical" wakes somebody; "warning" can wait for the morning; "info" is for who looks. */
export type AlertSeverity = "critical" | "warning" | "info";

/** Something that a person is told. */
export interface Alert {
  readonly name: string;
  readonly severity: AlertSeverity;
  /** For how long it must hold, as Prometheus writes it: "5m". At once when left out. */
  readonly for?: string;
  /** In PromQL: each series that it returns is an alert. */
  readonly expr: string;
  /** One sentence with what is wrong, where, and what it costs; {{ $labels.pod }} is filled in. */
  readonly summary: string;
  /** The page of runbooks/ that says what to do, without its ending. */
  readonly runbook: string;
  /** Where to look. */
  readonly dashboard: Dashboard["name"];
  /** Labels besides the severity, for alerts of one name that are about different things. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Of alerts about several instances that are away, as the loss of their zone would explain. */
export const ofInstances = { [alertLabels.scope]: "instances" };

/** Of a warning and a critical alert that say the same, only worse. */
export const about = (topic: string) => ({ [alertLabels.topic]: topic });

/** Alerts that belong together and are evaluated one after the other. */
export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}

/**
 * Matchers that keep a metric to one area of this stack: other stacks of the cluster have their own alerts.
 * @param more Further matchers, such as 'pod="redis-0"'.
 */
export function within({ cluster }: Pick<Settings, "cluster">, area: Area, more?: string): string {
  return `{namespace="${namespaceNames(cluster)[area]}"${more === undefined ? "" : `, ${more}`}}`;
}

/** The same for every area in which something runs all the time. */
export function withinAll({ cluster }: Pick<Settings, "cluster">, more?: string): string {
  const { app, data, sandbox } = namespaceNames(cluster);
  return `{namespace=~"${app}|${data}|${sandbox}"${more === undefined ? "" : `, ${more}`}}`;
}

/** Seconds in words: "30 hours", "8 days". */
export function inWords(seconds: number): string {
  const hours = seconds / 3600;
  return hours > 48 && hours % 24 === 0 ? `${hours / 24} days` : `${Math.round(hours * 100) / 100} hours`;
}

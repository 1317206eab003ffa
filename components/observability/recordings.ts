import type { Settings } from "../../config/settings.ts";
import { within } from "./alerts/alert.ts";

/** A series that Prometheus computes from others. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What jobs tell of a backup that is compared with what it was before, by the label "figure". */
const figures = {
  bytes: "dify_backup_bytes",
  objects: "dify_backup_objects",
  changed_bytes: "dify_backup_changed_bytes",
  changed_objects: "dify_backup_changed_objects",
  compressed_ratio: "dify_backup_compressed_ratio",
  duration_seconds: "dify_backup_duration_seconds",
  rows: "dify_backup_rows",
} as const;

export type Figure = keyof typeof figures;

/** The newest figures, without the labels of the Pushgateway's pod, which would begin a new history with each of its starts. */
export const figure = "dify:backup_figure";

/** What is computed from their history, each a series for each of the figures. */
export const history = {
  /** At the same time of the week: the median of the last four weeks. Missing until two of them are known. */
  usual: `${figure}:usual`,
  /** How far away from that it is. */
  deviation: `${figure}:deviation`,
  /** How far away it ordinarily is, as a standard deviation would say it: from the median over four weeks, which a few outliers do not move. */
  spread: `${figure}:spread`,
  /** The median of the last week. */
  week: `${figure}:week`,
  /** The same, four weeks ago. */
  weekBefore: `${figure}:week_before`,
  /** Nine tenths of the last four weeks were above it. */
  low: `${figure}:low`,
} as const;

/** Seconds between two looks. Backups change once an hour at most, and 28 days of them are read each time. */
export const recordingInterval = 1800;

/** 1.4826 times the median of deviations is the standard deviation, where those are normal. */
const normal = 1.4826;

const labels = "namespace, job, dataset, site, kind, bucket, database, table";

/** The history of backups, one series after the other: each is computed from those before it. */
export function historyRules(settings: Settings): RecordingRule[] {
  const told = within(settings, "data");
  const weeks = [1, 2, 3, 4]
    .map((n) => `label_replace(last_over_time(${figure}${told}[1h] offset ${n}w), "week", "${n}", "", "")`)
    .join(" or ");
  const rows = within(settings, "data", 'figure="rows"');
  return [
    ...Object.entries(figures).map(([name, metric]) => ({
      record: figure,
      expr: `max by (${labels}) (${metric}${told})`,
      labels: { figure: name },
    })),
    {
      record: history.usual,
      expr: `quantile without (week) (0.5, ${weeks}) and count without (week) (${weeks}) >= 2`,
    },
    { record: history.deviation, expr: `abs(${figure}${told} - ${history.usual}${told})` },
    { record: history.spread, expr: `${normal} * quantile_over_time(0.5, ${history.deviation}${told}[28d])` },
    { record: history.week, expr: `quantile_over_time(0.5, ${figure}${told}[1w])` },
    { record: history.weekBefore, expr: `last_over_time(${history.week}${told}[1h] offset 4w)` },
    { record: history.low, expr: `quantile_over_time(0.1, ${figure}${rows}[28d])` },
  ];
}

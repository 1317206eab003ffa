import type { Settings } from "../../../config/settings.ts";
import { figure, history, type Figure } from "../recordings.ts";
import { within, type Alert } from "./alert.ts";

const common = { runbook: "backup-unusual", dashboard: "backup" } as const;

/** A run that is early or late is compared with another time of the week for one look; what is unusual is so for longer. */
const lasting = "40m";

/** So many times as far from its usual as it ordinarily is. */
const times = 4;

/** Of all there is: as much may change from one backup to the next. */
const changedShare = 0.2;
const rewrittenShare = 0.3;

/** To such a part of what a table had. */
const rowsLeft = 0.5;

/** Tables with fewer rows come and go. */
const fewRows = 20;

/** By so much from one month to the next. */
const drift = 1.5;

/** Of backups that are not what they were before: what is encrypted, emptied or filled without anybody's knowing is seen in its copies first. */
export function unusualAlerts(settings: Settings): Alert[] {
  /** A recorded series of some figures, also between two looks. */
  const of = (series: string, ...names: Figure[]) =>
    `last_over_time(${series}${within(settings, "data", `figure=~"${names.join("|")}"`)}[1h])`;
  const usual = (...names: Figure[]) => of(history.usual, ...names);
  const spread = (...names: Figure[]) => `${times} * ${of(history.spread, ...names)}`;
  /** Not what it was in other weeks, nor what it was in them a day before, as that of a run that is late is. */
  const away = (name: Figure, sign: "abs" | "", share: number, least: number) => {
    const bound = `(${spread(name)} + ${share} * ${usual(name)} + ${least})`;
    const dayBefore = usual(name).replace(/\)$/, " offset 1d)");
    return `${of(figure, name)} and ${sign}(${of(figure, name)} - ${usual(name)}) > ${bound} unless ${sign}(${of(figure, name)} - ${dayBefore}) <= ${bound}`;
  };
  const lessCompressed = `${of(figure, "compressed_ratio")} - ${usual("compressed_ratio")} > (${spread("compressed_ratio")} + 0.1)`;
  const rewritten = (part: Figure, whole: Figure, share: number) =>
    `${of(figure, part)} > ignoring (figure) ${share} * ${of(figure, whole)}`;
  const drifted = (name: Figure, least: number) => {
    const then = of(history.weekBefore, name);
    const now = of(history.week, name);
    return `(${now} > ${drift} * ${then} or ${now} < ${then} / ${drift}) and abs(${now} - ${then}) > ${least}`;
  };
  const subject = "{{ $labels.dataset }} ({{ $labels.job }})";
  return [
    {
      ...{ name: "BackupSizeUnusual", severity: "warning", for: lasting, ...common },
      expr: away("bytes", "abs", 0.5, 2 ** 20),
      summary: `Of ${subject} {{ $value | humanize1024 }}B were backed up, far from what it was at this time of other weeks.`,
    },
    {
      ...{ name: "BackupCountUnusual", severity: "warning", for: lasting, ...common },
      expr: away("objects", "abs", 0.5, 20),
      summary: `${subject} has {{ $value }} objects, far from what it had at this time of other weeks.`,
    },
    {
      ...{ name: "BackupDurationUnusual", severity: "warning", for: lasting, ...common },
      expr: away("duration_seconds", "", 1, 600),
      summary: `The backup of ${subject} took {{ $value | humanizeDuration }}, far longer than at this time of other weeks.`,
    },
    {
      ...{ name: "BackupChangeUnusual", severity: "warning", for: lasting, ...common },
      expr: [["changed_bytes", "bytes"] as const, ["changed_objects", "objects"] as const]
        .map(
          ([part, whole]) =>
            `(${of(figure, part)} - ${usual(part)} > ${spread(part)} and ignoring (figure) (${rewritten(part, whole, changedShare)}))`,
        )
        .join(" or "),
      summary: `More than a fifth of ${subject} is new or overwritten since the backup before: {{ $labels.figure }} are {{ $value | humanize }} more than at this time of other weeks.`,
    },
    {
      ...{ name: "BackupCompressionUnusual", severity: "warning", for: lasting, ...common },
      expr: lessCompressed,
      summary: `What was backed up of ${subject} can be compressed far less than before, as if it were encrypted.`,
    },
    {
      ...{ name: "BackupLooksEncrypted", severity: "critical", ...common, runbook: "ransomware" },
      expr: `${rewritten("changed_objects", "objects", rewrittenShare)} and ignoring (figure) (${lessCompressed})`,
      summary: `{{ $value }} objects of ${subject} were overwritten since the backup before, and what is there now can hardly be compressed: somebody may be encrypting the bucket.`,
    },
    {
      ...{ name: "BackupRowsLost", severity: "critical", ...common },
      expr: `${of(figure, "rows")} < ${rowsLeft} * (${of(history.low, "rows")} > ${fewRows})`,
      summary:
        "Table {{ $labels.table }} of database {{ $labels.database }} has {{ $value }} rows, less than half of what it had in the last four weeks.",
    },
    {
      ...{ name: "BackupDrifted", severity: "warning", ...common },
      expr: `${drifted("bytes", 2 ** 20)} or ${drifted("objects", 20)}`,
      summary: `${subject}: {{ $labels.figure }} of the last week are {{ $value | humanize }}, and half as many again, or as few, as four weeks ago.`,
    },
  ];
}

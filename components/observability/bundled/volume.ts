import type { BundledSettings } from "../../../config/bundledMonitoring.ts";
import { toBytes } from "../../../config/units.ts";

/** What is on the volume of a Prometheus, in bytes, and what does not add up. */
export interface PrometheusVolume {
  /** At which blocks are dropped, oldest first: --storage.tsdb.retention.size. */
  readonly retentionSize: number;
  /** That the wanted days need. */
  readonly needed: number;
  /** Paths are below `observability.prometheus`. */
  readonly problems: readonly { readonly path: string; readonly problem: string; readonly remedy: string }[];
}

/** Of the volume, as Prometheus' manual has it (80 to 85 %): its log, and blocks while they are joined, do not count as retained. */
const share = 0.8;

/** Of a sample in a block; Prometheus' manual says 1 to 2. */
const bytesPerSample = 2;

/** Segments of 128 MiB of the log, of which Prometheus keeps three at least. */
const log = 3 * 128 * 2 ** 20;

/** Relates what is to be kept to the volume that is to hold it. */
export function prometheusVolume({
  interval,
  prometheus: { storage, retention, series },
}: Pick<BundledSettings, "interval" | "prometheus">): PrometheusVolume {
  const volume = toBytes(storage);
  const bound = Math.floor(volume * share);
  const retentionSize = retention.size === undefined ? bound : toBytes(retention.size);
  const needed = Math.ceil(((retention.days * 24 * 3600 * series) / interval) * bytesPerSample);
  return { retentionSize, needed, problems: [...sizeProblems(), ...daysProblems()] };

  function sizeProblems() {
    if (retentionSize > bound)
      return [
        {
          path: "retention.size",
          problem: `${retention.size} are more than four fifths of a volume of ${storage}, and the log needs the rest`,
          remedy: `give at most ${mebibytes(Math.floor(bound / mebi))}, or raise storage`,
        },
      ];
    if (volume - retentionSize < log)
      return [
        {
          path: "storage",
          problem: `${storage} leave less than ${mebibytes(log / mebi)} for the log`,
          remedy: `give at least ${mebibytes(Math.ceil((retentionSize + log) / mebi))}`,
        },
      ];
    return [];
  }

  function daysProblems() {
    if (needed <= retentionSize) return [];
    const days = Math.floor((retention.days * retentionSize) / needed);
    const larger = retention.size === undefined ? "storage" : "retention.size";
    return [
      {
        path: "retention.days",
        problem:
          `${retention.days} days of ${series} series every ${interval} s need ${mebibytes(Math.ceil(needed / mebi))}, ` +
          `and ${mebibytes(Math.floor(retentionSize / mebi))} are kept`,
        remedy: days > 0 ? `give at most ${days}, or raise ${larger}` : `raise ${larger}`,
      },
    ];
  }
}

const mebi = 2 ** 20;

/** As settings have it. */
const mebibytes = (count: number): string => `${count}Mi`;

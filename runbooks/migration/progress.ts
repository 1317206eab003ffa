import { z } from "zod";

/** What rclone tells of its progress with --use-json-log. Speed in bytes a second, eta in seconds. */
const statsSchema = z.object({
  stats: z.object({
    bytes: z.number(),
    totalBytes: z.number(),
    speed: z.number(),
    eta: z.number().nullish(),
    checks: z.number(),
    totalChecks: z.number(),
    transfers: z.number(),
    totalTransfers: z.number(),
  }),
});

/** A line of a Job's log in words: rclone's figures as amount, rate and time left, anything else as it is. */
export function progressText(line: string): string {
  const { stats } = statsSchema.safeParse(parsed(line)).data ?? {};
  if (!stats) return line;
  const { bytes, totalBytes, speed, eta, checks, totalChecks, transfers, totalTransfers } = stats;
  if (totalTransfers === 0) return `${checks} of ${totalChecks} files compared`;
  const left = eta == null ? "time left not known yet" : `${duration(eta)} left`;
  return `${amount(bytes)} of ${amount(totalBytes)}, ${transfers} of ${totalTransfers} files, ${amount(speed)}/s, ${left}`;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

function amount(bytes: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

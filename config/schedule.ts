import { z } from "zod";
import { cronOf, start } from "./cron.ts";

export { firstCoincidence, longestGap } from "./cron.ts";

/** Croner knows more than Kubernetes does: no last days, no nearest weekdays, no seconds. */
const fields = /^([\d*,/-]+ ){3}[\d*,/A-Za-z-]+ [\d*,/A-Za-z-]+$/;

function isCron(schedule: string): boolean {
  if (!fields.test(schedule)) return false;
  try {
    return cronOf(schedule).nextRun(start) !== null;
  } catch {
    return false;
  }
}

/** When something runs, as Kubernetes takes it: minute, hour, day of the month, month, day of the week. */
export const cron = z.string().refine(isCron, 'must be a cron time of five fields such as "30 * * * *"');

/** IANA's name of a time zone. */
export const timeZone = z
  .string()
  .refine((name) => Intl.supportedValuesOf("timeZone").includes(name) || name === "Etc/UTC", {
    error: 'must be a time zone such as "Europe/Berlin"',
  });

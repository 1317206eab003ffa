import type { Plan } from "./plan.ts";

/** What the Jobs of a restore are told: see scripts/restore. */
export function jobEnvironment(
  part: "objects" | "redis",
  { target, from }: Pick<Plan, "target" | "from">,
  step: "look" | "restore" | "check",
): Record<string, string> {
  const site = from === "cluster" ? "CLUSTER" : "OFFSITE";
  const name = target.to === "record" ? target.id : "";
  // To the second, as stores and names of backups tell time.
  const common = { STEP: step, INSTANT: target.instant.replace(/\.\d+/, "") };
  if (part === "redis") return { ...common, SITE: site, NAME: name };
  return { ...common, FROM: from === "cluster" ? "LIVE" : site, RECORD: from === "cluster" ? "" : name };
}

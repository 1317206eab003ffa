import { readFileSync } from "node:fs";

/** Which process a number means: the number alone is reused, with boot and start time it is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot of the machine and clock ticks from then to the start of the process. */
  readonly started: string;
}

/** The live process with this number, or undefined. A process that has ended but was not yet reaped counts as gone. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The second field, a name in parentheses, may itself hold spaces and parentheses: the rest is counted from its end (proc(5)).
  const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (state === "Z" || state === "X") return undefined;
  const startTime = rest[18];
  if (startTime === undefined) return undefined;
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return { pid, started: `${boot}/${startTime}` };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return processIdentity(identity.pid)?.started === identity.started;
}

import type { FailoverTiming } from "./timing.ts";

/** Name under which Sentinels and their clients know the master. */
export const masterName = "dify";

const milliseconds = (seconds: number) => Math.round(seconds * 1000);

/** How many Sentinels must agree that a master is down: a majority, so that a cut-off minority cannot even try. */
export function quorum(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** The part of sentinel.conf about the master that comes after its `sentinel monitor` line: scripts/redis/start-sentinel.sh. */
export function sentinelConfig(timing: FailoverTiming): string {
  return `sentinel down-after-milliseconds ${masterName} ${milliseconds(timing.downAfter)}
sentinel failover-timeout ${masterName} ${milliseconds(timing.failoverTimeout)}
# One replica at a time loads the new master's data; the others keep serving stale reads.
sentinel parallel-syncs ${masterName} 1
`;
}

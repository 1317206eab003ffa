import type { FailoverTiming } from "./timing.ts";

/**
 * How long each step may take on a client's way to the primary: client, proxy of its node, pooler, proxy of the pooler's node, primary.
 * The rule: whatever a failover takes is waited for, not failed; and whoever waits on one step outlasts the step behind it. In seconds.
 */
export interface ClientPath {
  /** How long a proxy holds a connection while there is no primary, or no pooler, to lead it to. */
  readonly patience: number;
  /**
   * How long a pooler waits for a connection to the primary. Longer than the proxy's patience: one that fails makes the pooler refuse all
   * clients at once until one succeeds (check_fast_fail of PgBouncer).
   */
  readonly poolerConnect: number;
  /** How long a query, or a login, waits in a pooler for a connection. */
  readonly queryWait: number;
}

/** No failover that keeps its time is longer than expected by half; a test of H2 asks for 10 at least. Beyond 40 nobody should have waited. */
export function clientPath({ expected }: Pick<FailoverTiming, "expected">): ClientPath {
  const patience = Math.ceil(Math.min(40, Math.max(10, 1.5 * expected.hostLost)));
  const poolerConnect = patience + 3;
  return { patience, poolerConnect, queryWait: poolerConnect + 15 };
}

/** How long a pooler may take to accept a connection before the next one is tried. */
export const poolerAccept = 0.5;

/** How each proxy checks each pooler. */
export const poolerCheck = { interval: 1, fastInterval: 0.5, timeout: 1, failures: 2 } as const;

/** Longest time until connections to a pooler that is gone without a word are ended: its checks, and the look of scripts/postgres/proxy.lua. */
export const poolerLost =
  poolerCheck.interval + poolerAccept + (poolerCheck.failures - 1) * (poolerCheck.fastInterval + poolerAccept) + 0.1;

/**
 * Connections are renewed after this, between transactions: by PgBouncer, by Dify and by the plugin daemon. So those through a proxy that is
 * being replaced are gone before it cuts the rest; and a pooler that comes back gets its share again.
 */
export const connectionLife = 120;

/** How long a proxy that is being replaced keeps its connections: their life, and the longest transaction that a pooler waits for when it ends. */
export const proxyDrain = connectionLife + 60;

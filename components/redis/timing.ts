import type { RedisSentinelSettings } from "../../config/redis.ts";

/** What Sentinel and the proxy are told, and how long writers are expected to wait. All in seconds. */
export interface FailoverTiming {
  readonly downAfter: number;
  /** A failed attempt is repeated only after twice this time, so it must stay short (sentinel.c, sentinelStartFailoverIfNeeded). */
  readonly failoverTimeout: number;
  /** Longest time without a master that accepts writes, see `steps`. */
  readonly expectedGap: number;
  /** How long a restarted master waits for another to take over before it serves what it has: one failed attempt and its repetition. */
  readonly yieldFor: number;
  /** How long a master that is asked to go may take to hand over. */
  readonly handOver: number;
  readonly proxy: ProxyTiming;
}

/** How quickly the proxy sees that a server is no longer, or has become, the master. All in seconds. */
export interface ProxyTiming {
  readonly interval: number;
  /** Of a check, and of a client's connection to the master. */
  readonly timeout: number;
  /** Failed checks until a server is left. One: each is a fact (refused, not the master, silent for `timeout`). */
  readonly fall: number;
  /** Passed checks until a server is led to. */
  readonly rise: number;
  /** How long a client is held while there is no master: a failover, and half as much again. A whole number. */
  readonly patience: number;
  /** From a host's death until the proxy has left it: below downAfter, so that it never adds to the failover. */
  readonly leave: number;
}

/** What a failover takes besides the silence, at most; periods of sentinel.c, and what Sentinels' logs show. */
const steps = {
  /** Sentinels ping once a second, and count silence from the first ping that is not answered (SENTINEL_PING_PERIOD). */
  ping: 1,
  /** Agreement, vote and the order to lead: 0.25 s seen. */
  election: 0.3,
  /** The new master is asked once a second whether it leads (sentinel_info_period during a failover); then replicas are sent to it, of which it needs one. */
  promotion: 1,
} as const;

/**
 * When a started member ends the connections of its peers, for renew-links.sh, in seconds: Sentinels wait 15 s for one that they have asked for
 * (SENTINEL_MIN_LINK_RECONNECT_PERIOD in sentinel.c).
 */
export const renewAfter = 20;

export function failoverTiming({ downAfter }: Pick<RedisSentinelSettings, "downAfter">): FailoverTiming {
  const failoverTimeout = Math.max(10, 2 * downAfter);
  const proxy = proxyTiming(downAfter);
  const expectedGap = downAfter + steps.ping + steps.election + steps.promotion + proxy.interval;
  return {
    downAfter,
    failoverTimeout,
    expectedGap,
    yieldFor: downAfter + 3 * failoverTimeout,
    handOver: 15,
    proxy: { ...proxy, patience: Math.ceil(1.5 * expectedGap) },
  };
}

function proxyTiming(downAfter: number): Omit<ProxyTiming, "patience"> {
  const interval = Math.min(0.5, downAfter / 10);
  const timeout = Math.min(3, downAfter * 0.6);
  return { interval, timeout, fall: 1, rise: 1, leave: interval + timeout };
}

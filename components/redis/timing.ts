import type { RedisSentinelSettings } from "../../config/redis.ts";

/** What Sentinel and the proxy are told, and how long writers are expected to wait. All in seconds. */
export interface FailoverTiming {
  readonly downAfter: number;
  /** A failed attempt is repeated only after twice this time, so it must stay short (sentinel.c, sentinelStartFailoverIfNeeded). */
  readonly failoverTimeout: number;
  /** Silence, then election and promotion: 5.4-6.2 s measured at downAfter 5. */
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

export function failoverTiming({ downAfter }: Pick<RedisSentinelSettings, "downAfter">): FailoverTiming {
  const failoverTimeout = Math.max(10, 2 * downAfter);
  const expectedGap = downAfter + 1.5;
  return {
    downAfter,
    failoverTimeout,
    expectedGap,
    yieldFor: downAfter + 3 * failoverTimeout,
    handOver: 15,
    proxy: proxyTiming(downAfter, expectedGap),
  };
}

function proxyTiming(downAfter: number, expectedGap: number): ProxyTiming {
  const interval = Math.min(0.5, downAfter / 10);
  const timeout = Math.min(3, downAfter * 0.6);
  return { interval, timeout, fall: 1, rise: 1, patience: Math.ceil(1.5 * expectedGap), leave: interval + timeout };
}

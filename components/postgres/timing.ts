import type { PatroniSettings } from "../../config/postgres.ts";

/** What Patroni, the voters and HAProxy are told, and how long writers are expected to wait. All in seconds. */
export interface FailoverTiming {
  readonly ttl: number;
  readonly loopWait: number;
  readonly retryTimeout: number;
  readonly primaryStartTimeout: number;
  /** A stop of Postgres that takes longer is a kill: a stalled disk must not hold the lock of a leader. */
  readonly primaryStopTimeout: number;
  readonly voter: VoterTiming | undefined;
  readonly check: CheckTiming;
  /** Longest time until writers go on after each kind of failure. */
  readonly expected: {
    /** Switchover, or the end of the leader's pod: 1.5-2.1 s measured. */
    readonly planned: number;
    /** Postgres died, Patroni lives: 2.7-3.6 s measured. */
    readonly crash: number;
    /** The leader's host is gone: 6.2-7.3 s measured with voters, 18-30 s without. */
    readonly hostLost: number;
  };
}

/** What a voter beside a member does. */
export interface VoterTiming {
  /** Pause between two rounds. */
  readonly interval: number;
  /** How long etcd may take to answer. */
  readonly storeTimeout: number;
  /** How long each port of the leader may take to accept a connection. */
  readonly connectTimeout: number;
  /** Unreachable for so long is a vote. */
  readonly unreachable: number;
  /** Nobody leads for longer than this: Patroni elects without the voters. What the lock of a leader lasts, who is no leader then by its own clock. */
  readonly interregnum: number;
}

/** HAProxy's health checks (H8). */
export interface CheckTiming {
  readonly interval: number;
  /** Pause while a member's state is in doubt, and while it is down: it is readmitted that soon. */
  readonly fastInterval: number;
  /** How long a host may take to accept the connection of a check: HAProxy takes the interval for it. */
  readonly connectTimeout: number;
  readonly timeout: number;
  readonly failures: number;
  readonly passes: number;
  /** Longest time until traffic leaves a host that is gone. */
  readonly hostLost: number;
  /** Longest time until traffic leaves a member that says it is no primary any more. */
  readonly demoted: number;
  /** Longest time until traffic reaches a member that has become primary. */
  readonly promoted: number;
}

/** From the end of the leader's lock to the first write: promotion, then a standby that attaches (2.5-3.3 s measured at loop_wait 2). */
const promotion = 3.3;

/** Shares of a round's time: a vote must be seen by the others, who look every interval. */
const voterRound = { interval: 0.4, storeTimeout: 0.8, connectTimeout: 0.5 } as const;

export function failoverTiming(settings: Pick<PatroniSettings, "timing" | "proxy">): FailoverTiming {
  const { ttl, loopWait, retryTimeout, primaryStartTimeout, voter, unreachable } = settings.timing;
  const check = checkTiming(settings.proxy.check);
  const round = voterRound.interval + voterRound.connectTimeout;
  const lockGone = voter ? unreachable + 2 * round : ttl;
  return {
    ttl,
    loopWait,
    retryTimeout,
    primaryStartTimeout,
    primaryStopTimeout: Math.floor(ttl / 2),
    voter: voter ? { ...voterRound, unreachable, interregnum: ttl } : undefined,
    check,
    expected: {
      planned: promotion + check.promoted,
      crash: loopWait + primaryStartTimeout + promotion + check.promoted,
      hostLost: Math.max(lockGone + promotion + check.promoted, check.hostLost),
    },
  };
}

function checkTiming({ interval, timeout, failures, passes }: PatroniSettings["proxy"]["check"]): CheckTiming {
  const fastInterval = interval / 2;
  const connectTimeout = interval;
  return {
    interval,
    fastInterval,
    connectTimeout,
    timeout,
    failures,
    passes,
    hostLost: interval + connectTimeout + (failures - 1) * (fastInterval + connectTimeout),
    demoted: interval + (failures - 1) * fastInterval,
    promoted: passes * fastInterval,
  };
}

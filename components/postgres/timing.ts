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
    /** The end of the leader's pod. */
    readonly planned: number;
    /** Postgres died, Patroni lives. */
    readonly crash: number;
    /** The leader's host is gone. */
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
  /** The same for a leader whose host refuses connections: it lives, and no server is there. */
  readonly refused: number;
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

/** How long steps may take on two busy cores, in seconds; seen in Patroni's and Postgres' own logs. */
const steps = {
  /** From the lock to the first commit: promotion, and a standby that follows meanwhile. 0.4 s seen. */
  promotion: 1,
  /** What is left of Postgres after a crash is stopped, standbys are asked, the lock is released and taken. */
  release: 1,
  /** A checkpoint and a fast shutdown: 1.0 s seen. */
  shutdown: 1.1,
  /** What a voter asks of etcd: to see its keys, or to change them. */
  read: 0.1,
  /** Patroni looks once a second whether Postgres has stopped, and gives the standbys a second more (stop and on_shutdown in its sources). */
  farewell: 2,
  /** From a majority's votes to the lock in a standby's hand. Standbys leave the leader within 0.1 s, and must be seen to for another. 0.4-0.6 s seen. */
  handover: 0.8,
  /** Patroni's election asks the lost host too, and waits for its answer so long (fetch_node_status in ha.py). */
  answer: 2,
} as const;

/** A refusal counts once two looks have seen it, each of which may wait for Patroni's answer for as long as for a connection. */
const voterRound = { interval: 0.4, storeTimeout: 0.8, connectTimeout: 0.5, refused: 1 } as const;

export function failoverTiming(settings: Pick<PatroniSettings, "timing" | "proxy">): FailoverTiming {
  const { ttl, loopWait, retryTimeout, primaryStartTimeout, voter, unreachable } = settings.timing;
  const check = checkTiming(settings.proxy.check);
  // The first look that fails begins within an interval of the loss; patience ends within the next look that does.
  const votedOut = voterRound.interval + unreachable + voterRound.connectTimeout;
  const replaced = voter ? votedOut + steps.handover : ttl + steps.answer;
  return {
    ttl,
    loopWait,
    retryTimeout,
    primaryStartTimeout,
    primaryStopTimeout: Math.floor(ttl / 2),
    voter: voter ? { ...voterRound, unreachable, interregnum: ttl } : undefined,
    check,
    expected: {
      // The leader's own voter ends its term. Without voters the candidate sees the free lock in its next round, at the latest.
      planned:
        (voter ? 2 * steps.read + steps.handover : steps.shutdown + steps.farewell + loopWait) +
        steps.promotion +
        check.promoted,
      crash: loopWait + primaryStartTimeout + steps.release + steps.promotion + check.promoted,
      hostLost: Math.max(replaced + steps.promotion + check.promoted, check.hostLost),
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

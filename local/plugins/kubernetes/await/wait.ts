import { setTimeout as sleep } from "node:timers/promises";
import type { TimedRequest } from "../../protocol/plugin.ts";
import { UnreachableError } from "../client.ts";
import type { Cluster } from "../cluster.ts";
import { describe, steering, type KubeObject } from "../object.ts";
import { diagnose } from "./diagnosis.ts";
import { defaultTimeout, readinessOf } from "./ready.ts";
import type { Readiness } from "./readiness.ts";

/** Milliseconds between two looks: often at first, for what is ready at once, then more seldom. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1000;
/** While nothing moves, the reason is looked up this often, in milliseconds. */
const DIAGNOSIS_EVERY = 10_000;

/** The object as it was last seen, and why it is not ready if it is not. */
export interface Waited {
  readonly object: KubeObject;
  readonly problem?: string;
}

type Waiting = Pick<TimedRequest, "urn" | "log" | "signal" | "timeoutSeconds">;

/** Seconds: customTimeouts, else the annotation `pulumi.com/timeoutSeconds`, else the default. */
export function timeoutOf(object: KubeObject, timeoutSeconds: number): number {
  return timeoutSeconds || Number(steering(object, "timeoutSeconds") ?? 0) || defaultTimeout(object);
}

/** Waits until an object is ready, fails, or time is up, and tells the user how far it is. */
export async function waitUntilReady(created: KubeObject, cluster: Cluster, request: Waiting): Promise<Waited> {
  const timeout = timeoutOf(created, request.timeoutSeconds);
  const end = Date.now() + 1000 * timeout;
  let object = created;
  let said = "";
  let diagnosed = Date.now();
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
    const readiness = await look(object, cluster);
    if (readiness.state === "ready") {
      if (said) request.log.status(request.urn, "ready");
      return { object };
    }
    if (readiness.state === "failed") return { object, problem: await explain(object, cluster, readiness.reason) };
    if (request.signal.aborted) return { object, problem: `the operation was cancelled: ${readiness.reason}` };
    if (Date.now() >= end)
      return { object, problem: await explain(object, cluster, `not ready after ${timeout} s: ${readiness.reason}`) };
    if (readiness.reason !== said) {
      said = readiness.reason;
      request.log.status(request.urn, said);
      diagnosed = Date.now();
    } else if (Date.now() - diagnosed > DIAGNOSIS_EVERY) {
      request.log.status(request.urn, await explain(object, cluster, said));
      diagnosed = Date.now();
    }
    await sleep(Math.min(pause, Math.max(0, end - Date.now())), undefined, { signal: request.signal }).catch(
      () => undefined,
    );
    const seen = await cluster.find(object).catch((error: unknown) => {
      // An API server that restarts is no reason to give up on what it runs.
      if (error instanceof UnreachableError) return object;
      throw error;
    });
    if (!seen || seen.metadata.uid !== object.metadata.uid)
      return { object, problem: `${describe(object)} was deleted while we waited for it` };
    object = seen;
  }
}

async function look(object: KubeObject, cluster: Cluster): Promise<Readiness> {
  try {
    return await readinessOf(object, cluster);
  } catch (error) {
    if (error instanceof UnreachableError) return { state: "waiting", reason: error.message };
    throw error;
  }
}

/** A reason with what the cluster tells about it. */
export async function explain(object: KubeObject, cluster: Cluster, reason: string): Promise<string> {
  // The reason counts even where the user may not list pods or events.
  const details = await diagnose(object, cluster).catch(() => []);
  return [reason, ...details].join("; ");
}

import { setTimeout as sleep } from "node:timers/promises";
import type { DeleteRequest } from "../protocol/plugin.ts";
import { isObject } from "../protocol/values.ts";
import { timeoutOf } from "./await/wait.ts";
import type { Cluster } from "./cluster.ts";
import { describe, steering, type KubeObject } from "./object.ts";

const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1000;

/**
 * Deletes an object with all that belongs to it, and waits until it is gone.
 * @throws on time-out, naming the finalizers that hold it.
 */
export async function deleteObject(object: KubeObject, cluster: Cluster, request: DeleteRequest): Promise<void> {
  if (!(await cluster.kind(object))) return;
  const policy = steering(object, "deletionPropagationPolicy") ?? "foreground";
  const removed = await cluster.remove(object, `${policy.charAt(0).toUpperCase()}${policy.slice(1).toLowerCase()}`);
  if (removed === undefined || steering(object, "skipAwait") === "true") return;
  const timeout = timeoutOf(object, request.timeoutSeconds);
  const end = Date.now() + 1000 * timeout;
  const uid = uidOf(removed);
  let said = "";
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
    const left = await cluster.find(object);
    // Another object of that name is not ours to wait for.
    if (!left || (uid !== undefined && left.metadata.uid !== uid)) {
      if (said) request.log.status(request.urn, "gone");
      return;
    }
    const held = `still there${heldBy(left)}`;
    if (request.signal.aborted) throw new Error(`${describe(object)} is ${held}: the operation was cancelled`);
    if (Date.now() >= end) throw new Error(`${describe(object)} is ${held} after ${timeout} s`);
    if (held !== said && pause > 500) request.log.status(request.urn, held);
    if (pause > 500) said = held;
    await sleep(pause, undefined, { signal: request.signal }).catch(() => undefined);
  }
}

/** The API server answers with the object while finalizers hold it, and otherwise with a Status that names its uid. */
function uidOf(answer: Awaited<ReturnType<Cluster["remove"]>>): string | undefined {
  const holder = answer?.kind === "Status" ? answer.details : answer?.metadata;
  return isObject(holder) && typeof holder.uid === "string" ? holder.uid : undefined;
}

function heldBy({ kind, metadata, status }: KubeObject): string {
  const finalizers = [...((metadata.finalizers ?? []) as string[])];
  if (finalizers.length > 0) return `, held by the finalizers ${finalizers.join(", ")}`;
  const conditions = (isObject(status) ? (status.conditions ?? []) : []) as { status: string; message?: string }[];
  const remaining = conditions.find(
    (condition) => condition.status === "True" && condition.message?.includes("remain"),
  );
  return kind === "Namespace" && remaining ? `: ${remaining.message ?? ""}` : "";
}

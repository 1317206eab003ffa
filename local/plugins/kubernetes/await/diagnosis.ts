import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "../cluster.ts";
import { groupKind, type KubeObject } from "../object.ts";
import { isObject } from "../../protocol/values.ts";

/** How many pods a message names. */
const MOST_PODS = 3;
const WORKLOADS = new Set(["apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "batch/Job", "Pod"]);

/** Why an object may not be ready, as the cluster tells it: its pods' reasons and the last warning about it or them. */
export async function diagnose(object: KubeObject, cluster: Cluster): Promise<string[]> {
  const pods = WORKLOADS.has(groupKind(object)) ? (await podsOf(object, cluster)).filter(isTroubled) : [];
  const reasons = pods.slice(0, MOST_PODS).map((pod) => `pod ${pod.metadata?.name ?? ""}: ${podReason(pod)}`);
  if (pods.length > MOST_PODS) reasons.push(`and ${pods.length - MOST_PODS} more pods`);
  const event = await lastWarning([object.metadata.uid, ...pods.map((pod) => pod.metadata?.uid)], object, cluster);
  if (event) reasons.push(`last event: ${event.reason ?? ""}: ${event.message ?? ""}`);
  return reasons;
}

async function podsOf(object: KubeObject, cluster: Cluster): Promise<V1Pod[]> {
  if (object.kind === "Pod") return [object];
  const { selector } = (object.spec ?? {}) as { selector?: { matchLabels?: Record<string, string> } };
  const labels = Object.entries(selector?.matchLabels ?? {});
  if (labels.length === 0) return [];
  const labelSelector = labels.map(([label, value]) => `${label}=${value}`).join(",");
  const pods = await cluster.list(`/api/v1/namespaces/${object.metadata.namespace ?? "default"}/pods`, {
    labelSelector,
  });
  return pods;
}

function isTroubled({ status }: V1Pod): boolean {
  if (status?.phase === "Succeeded") return false;
  return !status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True");
}

function podReason({ status }: V1Pod): string {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  for (const { name, state, lastState, ready } of containers) {
    if (ready) continue;
    const stopped = state?.waiting ?? state?.terminated;
    const ended = lastState?.terminated ?? state?.terminated;
    if (!stopped?.reason || stopped.reason === "Completed") continue;
    const exit = ended ? ` (last exit code ${ended.exitCode})` : "";
    return `container ${name}: ${stopped.reason}${stopped.message ? `: ${stopped.message}` : ""}${exit}`;
  }
  const unmet = status?.conditions?.find(({ status: is, message }) => is === "False" && message);
  return unmet?.message ?? status?.message ?? `phase ${status?.phase ?? "unknown"}`;
}

async function lastWarning(
  uids: readonly (string | undefined)[],
  { metadata }: KubeObject,
  cluster: Cluster,
): Promise<CoreV1Event | undefined> {
  const path = `/api/v1/namespaces/${metadata.namespace ?? "default"}/events`;
  const events = (await cluster.list(path, { fieldSelector: "type=Warning" })).filter(
    ({ involvedObject }) =>
      isObject(involvedObject) && typeof involvedObject.uid === "string" && uids.includes(involvedObject.uid),
  ) as unknown as CoreV1Event[];
  // JSON holds times as text, which sorts as they do.
  const time = (event: CoreV1Event): string => String(event.lastTimestamp ?? event.eventTime ?? "");
  return events.sort((a, b) => time(a).localeCompare(time(b))).at(-1);
}

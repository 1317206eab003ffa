import { changesBetween, sameValue, type Change, type Diff } from "../protocol/diff.ts";
import type { DiffRequest } from "../protocol/plugin.ts";
import { containsUnknown, isObject, plain, valueAt, without, type Properties } from "../protocol/values.ts";
import type { Cluster } from "./cluster.ts";
import { readinessOf } from "./await/ready.ts";
import { replacesOn } from "./immutable.ts";
import { AUTONAMED, fieldManager } from "./naming.ts";
import { asObject, requestBody, steering, withoutNulls, type KubeObject } from "./object.ts";
import type { Settings } from "./settings.ts";

/** What would change. A cluster that can be asked says which of the differences in the text make none in the object. */
export async function diffObject(request: DiffRequest, settings: Settings, cluster?: Cluster): Promise<Diff> {
  const live = asObject(plain(request.oldState));
  const next = withoutNulls(plain(request.inputs));
  const target = asObject(next);
  const old = comparableInputs(plain(request.oldInputs), live, next);
  const reachable = cluster && !(await cluster.unreachable()) ? cluster : undefined;
  const replaces = replacesOn(live, settings.mutable);
  const written = changesBetween(old, comparableInputs(next, live, next), replaces);
  const changes = written.length > 0 && reachable ? await effective(written, live, request, reachable) : written;
  const unready = reachable ? await unreadyJob(target, reachable) : [];
  const all = [...changes, ...unready];
  const named = next.metadata !== undefined && target.metadata.annotations?.[AUTONAMED] !== "true";
  const sameName = live.metadata.name === target.metadata.name;
  const samePlace = (target.metadata.namespace ?? live.metadata.namespace) === live.metadata.namespace;
  return { changes: all, deleteBeforeReplace: all.some((change) => change.replace) && named && sameName && samePlace };
}

/** Inputs with the identity that the object has: an import or an older program may have left the namespace to the cluster. */
function comparableInputs(inputs: Properties, live: KubeObject, next: Properties): Properties {
  const metadata = isObject(inputs.metadata) ? inputs.metadata : {};
  const isNext = inputs === next;
  const { name, namespace } = isNext ? metadata : live.metadata;
  return {
    ...withoutNulls(inputs),
    metadata: { ...metadata, name: name ?? live.metadata.name, namespace: namespace ?? live.metadata.namespace },
  };
}

/** Leaves out what the API server would not notice, such as "1000m" for "1". */
async function effective(
  changes: readonly Change[],
  live: KubeObject,
  { inputs, urn, oldState }: DiffRequest,
  cluster: Cluster,
): Promise<readonly Change[]> {
  if (
    containsUnknown(inputs) ||
    changes.some(({ path }) => path[0] === "metadata" && (path[1] === "name" || path[1] === "namespace"))
  )
    return changes;
  const manager = typeof oldState.__fieldManager === "string" ? oldState.__fieldManager : fieldManager(urn);
  const body = requestBody(plain(inputs));
  const options = { fieldManager: manager, force: steering(body, "patchForce") === "true", dryRun: true };
  const after = await cluster.apply(body, options).then(
    ({ object }) => object,
    // Refused: an immutable field (a replacement has to do), a conflict or an invalid value (the update reports it).
    () => undefined,
  );
  if (!after) return changes;
  if (sameValue(substance(after), substance(live))) return [];
  const noticed = changes.filter(
    ({ path }) => path[0] === "stringData" || !sameValue(valueAt(after, path), valueAt(live, path)),
  );
  return noticed.length > 0 ? noticed : changes;
}

/** An object without what the API server writes by itself. */
function substance(object: KubeObject): Properties {
  return {
    ...without(object, "status", "__fieldManager", "__initialApiVersion"),
    metadata: without(object.metadata, "managedFields", "resourceVersion", "generation", "creationTimestamp", "uid"),
  };
}

/** `pulumi.com/replaceUnready`: a Job that has not completed is made anew. */
async function unreadyJob(target: KubeObject, cluster: Cluster): Promise<Change[]> {
  if (target.kind !== "Job" || steering(target, "replaceUnready") !== "true" || containsUnknown(target)) return [];
  const job = await cluster.find(target);
  if (!job || (await readinessOf(job, cluster)).state === "ready") return [];
  return [{ path: ["metadata", "annotations", "pulumi.com/replaceUnready"], kind: "update", replace: true }];
}

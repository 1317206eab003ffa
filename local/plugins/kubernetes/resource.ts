import {
  NotReadyError,
  type CheckRequest,
  type CheckResult,
  type Created,
  type CreateRequest,
  type DeleteRequest,
  type DiffRequest,
  type Found,
  type ReadRequest,
  type Resource,
  type ResourceRequest,
  type TimedRequest,
  type UpdateRequest,
} from "../protocol/plugin.ts";
import { containsUnknown, isObject, isSecret, plain, sealLike, UNKNOWN, type Properties } from "../protocol/values.ts";
import { readinessOf } from "./await/ready.ts";
import { explain, waitUntilReady } from "./await/wait.ts";
import { checkInputs } from "./check.ts";
import { ApiError } from "./client.ts";
import { UnknownKindError, type Applied, type Cluster } from "./cluster.ts";
import { deleteObject } from "./deletion.ts";
import { diffObject } from "./diff.ts";
import { driftedInputs } from "./drift.ts";
import { fieldManager, MANAGER_PREFIX } from "./naming.ts";
import { asObject, describe, objectId, parseId, requestBody, steering, type KubeObject } from "./object.ts";
import type { Settings } from "./settings.ts";
import { importedInputs, stateOf } from "./state.ts";

/**
 * Refusals of a preview's dry run that the update would meet too. Others may be due to what is not made yet, or to a webhook that
 * cannot do dry runs.
 */
const CERTAIN = new Set([400, 409, 422]);

/** Every kind of object in one cluster. */
export class KubernetesResource implements Resource {
  readonly #settings: Settings;
  readonly #cluster: Cluster | undefined;
  #warned = false;

  constructor(settings: Settings, cluster: Cluster | undefined) {
    this.#settings = settings;
    this.#cluster = cluster;
  }

  async check(request: CheckRequest): Promise<CheckResult> {
    await this.#reachable(request.log, request.urn);
    return checkInputs(request, this.#settings.namespace, this.#cluster);
  }

  diff(request: DiffRequest) {
    return diffObject(request, this.#settings, this.#cluster);
  }

  async create(request: CreateRequest): Promise<Created> {
    const manager = fieldManager(request.urn);
    if (request.preview) return { id: "", state: await this.#previewCreate(request, manager) };
    const cluster = this.#required();
    const object = requestBody(plain(request.inputs));
    await cluster.awaitKind(object, request.signal);
    if (await cluster.find(object))
      throw new Error(
        `${describe(object)} exists already: import it (pulumi import ${request.type} ${request.name} ${objectId(object)}), ` +
          "delete it, or, if this resource was renamed, give it an alias with the old name",
      );
    return this.#applyAndWait(object, manager, request);
  }

  async update(request: UpdateRequest): Promise<Properties> {
    const { __fieldManager: kept } = request.oldState;
    const manager = typeof kept === "string" ? kept : fieldManager(request.urn);
    if (request.preview) return this.#previewUpdate(request, manager);
    const object = requestBody(plain(request.inputs));
    return (await this.#applyAndWait(object, manager, request)).state;
  }

  async read(request: ReadRequest): Promise<Found | undefined> {
    const cluster = this.#required();
    const lastSeen = plain(request.state);
    const inputs = plain(request.inputs);
    const metadata = parseId(request.id);
    const source =
      typeof inputs.kind === "string" ? inputs : typeof lastSeen.kind === "string" ? lastSeen : fromType(request.type);
    const object = asObject({ apiVersion: source.apiVersion, kind: source.kind, metadata });
    if (!(await cluster.kind(object))) return undefined;
    const live = await cluster.find(object);
    if (!live) return undefined;
    const { __fieldManager: kept } = lastSeen;
    const manager = typeof kept === "string" ? kept : fieldManager(request.urn);
    const known = typeof inputs.kind === "string";
    const liveInputs = known ? sealLike(driftedInputs(inputs, lastSeen, live), request.inputs) : importedInputs(live);
    const found = { id: request.id, inputs: liveInputs, state: stateOf(live, liveInputs, manager) };
    const readiness = await readinessOf(live, cluster);
    if (readiness.state === "ready") return found;
    throw new NotReadyError(`${describe(live)} is not ready: ${await explain(live, cluster, readiness.reason)}`, found);
  }

  async delete(request: DeleteRequest): Promise<void> {
    await deleteObject(asObject(plain(request.state)), this.#required(), request);
  }

  async #applyAndWait(
    object: KubeObject,
    manager: string,
    request: TimedRequest & { inputs: Properties },
  ): Promise<Created> {
    const cluster = this.#required();
    const applied = await this.#apply(object, manager, request);
    const { object: live, problem } = await waitUntilReady(applied, cluster, request);
    const state = stateOf(live, request.inputs, manager);
    if (problem === undefined) return { id: objectId(live), state };
    const found = { id: objectId(live), state, inputs: request.inputs };
    throw new NotReadyError(`${describe(live)} was applied, but is not ready: ${problem}`, found);
  }

  async #apply(object: KubeObject, manager: string, { log, urn }: ResourceRequest): Promise<KubeObject> {
    const { object: live, warnings } = await this.#required().apply(object, this.#applyOptions(object, manager));
    for (const warning of warnings) log.warning(urn, warning);
    return live;
  }

  #applyOptions(object: KubeObject, manager: string) {
    const force = this.#settings.patchForce || steering(object, "patchForce") === "true";
    return { fieldManager: manager, force };
  }

  async #previewCreate({ inputs, log, urn }: CreateRequest, manager: string): Promise<Properties> {
    const cluster = containsUnknown(inputs) ? undefined : await this.#reachable(log, urn);
    if (!cluster) return inputs;
    const object = requestBody(plain(inputs));
    const existing = await this.#existing(object, cluster);
    if (existing === "unknown kind") return inputs;
    if (existing) {
      // What we made before is about to be deleted first; what others made is in the way.
      const managers = (existing.metadata.managedFields ?? []) as { manager?: string }[];
      if (!managers.some((each) => each.manager?.startsWith(MANAGER_PREFIX)))
        log.warning(
          urn,
          `${describe(object)} exists already: creating it will fail unless it is imported or deleted first`,
        );
      return inputs;
    }
    await this.#dryRun(object, manager, cluster);
    return previewState(inputs);
  }

  async #existing(object: KubeObject, cluster: Cluster): Promise<KubeObject | "unknown kind" | undefined> {
    try {
      return await cluster.find(object);
    } catch (error) {
      if (error instanceof UnknownKindError) return "unknown kind";
      if (error instanceof ApiError && error.status === 403) return undefined;
      throw error;
    }
  }

  async #previewUpdate({ inputs, log, urn }: UpdateRequest, manager: string): Promise<Properties> {
    const cluster = containsUnknown(inputs) ? undefined : await this.#reachable(log, urn);
    const planned = cluster && (await this.#dryRun(requestBody(plain(inputs)), manager, cluster));
    return planned ? stateOf(planned.object, inputs, manager) : inputs;
  }

  /** Undefined when the cluster cannot tell yet. */
  async #dryRun(object: KubeObject, manager: string, cluster: Cluster): Promise<Applied | undefined> {
    try {
      return await cluster.apply(object, { ...this.#applyOptions(object, manager), dryRun: true });
    } catch (error) {
      const certain = error instanceof ApiError && CERTAIN.has(error.status) && !/dry.?run/i.test(error.message);
      if (certain || !(error instanceof ApiError || error instanceof UnknownKindError)) throw error;
      return undefined;
    }
  }

  /** The cluster, if it answers; says once when it does not, or a preview would silently lie. */
  async #reachable(log: ResourceRequest["log"], urn: string): Promise<Cluster | undefined> {
    const reason = this.#cluster ? await this.#cluster.unreachable() : new Error(this.#settings.noClusterReason);
    if (!reason) return this.#cluster;
    if (!this.#warned)
      log.warning(
        urn,
        `${reason.message}. The preview shows what the program asks for; what exists was not looked at.`,
      );
    this.#warned = true;
    return undefined;
  }

  #required(): Cluster {
    if (!this.#cluster) throw new Error(`there is no cluster: ${this.#settings.noClusterReason ?? "no kubeconfig"}`);
    return this.#cluster;
  }
}

/**
 * What is known of a new object before it exists: what the program says. A Service's address is unknown; so are uid and the like, but
 * marking those would make the whole of `metadata` unknown to programs and policies.
 */
function previewState(inputs: Properties): Properties {
  const { kind, spec } = inputs;
  if (kind !== "Service" || isSecret(spec) || !isObject(spec)) return inputs;
  return { ...inputs, spec: { clusterIP: UNKNOWN, clusterIPs: UNKNOWN, ...spec } };
}

/** `kubernetes:apps/v1:Deployment` says what to read where nothing else does: in an import. */
function fromType(type: string): Properties {
  const [, module = "", kind = ""] = type.split(":");
  return { apiVersion: module.replace(/^core\//, ""), kind };
}

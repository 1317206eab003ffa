import { setTimeout as sleep } from "node:timers/promises";
import type { Properties } from "../protocol/values.ts";
import { ApiError, UnreachableError, type Client } from "./client.ts";
import { asObject, describe, type KubeObject, type ObjectReference } from "./object.ts";

/** How the API serves a kind. */
interface ServedKind {
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Take over fields that others own. */
  readonly force: boolean;
  readonly dryRun?: boolean;
}

export interface Applied {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

/** The cluster does not serve this kind: its CustomResourceDefinition is missing. */
export class UnknownKindError extends Error {
  constructor({ apiVersion, kind }: ObjectReference) {
    super(`the cluster does not know ${apiVersion} ${kind}: is its CustomResourceDefinition installed?`);
    this.name = "UnknownKindError";
  }
}

/** Objects of one cluster, of every kind that it serves. */
export class Cluster {
  readonly client: Client;
  readonly #kinds = new Map<string, Promise<Map<string, ServedKind>>>();
  #reachable: Promise<UnreachableError | undefined> | undefined;

  constructor(client: Client) {
    this.client = client;
  }

  /** Why the cluster cannot be asked; undefined when it can. Asked once: a preview must not wait for each resource. */
  unreachable(): Promise<UnreachableError | undefined> {
    this.#reachable ??= this.client.request("GET", "/version", { timeout: 5000 }).then(
      () => undefined,
      (error: unknown) => (error instanceof UnreachableError ? error : undefined),
    );
    return this.#reachable;
  }

  /** Undefined when the cluster does not serve it. */
  async kind({ apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">): Promise<ServedKind | undefined> {
    const known = (await this.#kinds.get(apiVersion))?.get(kind);
    if (known) return known;
    // A kind may have come since we last asked: a CustomResourceDefinition made by this very program.
    const asked = this.#discover(apiVersion);
    this.#kinds.set(apiVersion, asked);
    asked.catch(() => this.#kinds.delete(apiVersion));
    return (await asked).get(kind);
  }

  async #discover(apiVersion: string): Promise<Map<string, ServedKind>> {
    const path = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const kinds = new Map<string, ServedKind>();
    const answer = await this.client.request("GET", path).catch(absent);
    for (const resource of (answer?.body.resources ?? []) as Properties[]) {
      const { name, kind, namespaced } = resource as { name: string; kind: string; namespaced: boolean };
      if (!name.includes("/")) kinds.set(kind, { plural: name, namespaced });
    }
    return kinds;
  }

  /** @throws UnknownKindError */
  async path(object: ObjectReference): Promise<string> {
    const kind = await this.kind(object);
    if (!kind) throw new UnknownKindError(object);
    const root = object.apiVersion.includes("/") ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
    const { namespace = "default", name = "" } = object.metadata;
    return `${root}${kind.namespaced ? `/namespaces/${namespace}` : ""}/${kind.plural}/${name}`;
  }

  /** Undefined when there is no such object. */
  async find(object: ObjectReference): Promise<KubeObject | undefined> {
    const answer = await this.client.request("GET", await this.path(object)).catch(absent);
    return answer && asObject(answer.body);
  }

  async list(path: string, query: Readonly<Record<string, string>> = {}): Promise<Properties[]> {
    const { body } = await this.client.request("GET", path, { query });
    return (body.items ?? []) as Properties[];
  }

  /**
   * Server-side apply.
   * @throws ApiError in the API server's words, with the remedy where fields belong to another manager.
   */
  async apply(object: KubeObject, { fieldManager, force, dryRun }: ApplyOptions): Promise<Applied> {
    const query = {
      fieldManager,
      force: String(force),
      fieldValidation: "Warn",
      ...(dryRun && { dryRun: "All" }),
    };
    const contentType = "application/apply-patch+yaml";
    const path = await this.path(object);
    try {
      const { body, warnings } = await this.client.request("PATCH", path, { query, body: object, contentType });
      return { object: asObject(body), warnings };
    } catch (error) {
      if (error instanceof ApiError) throw new ApiError(error.status, explain(object, error));
      throw error;
    }
  }

  /** Starts a deletion; undefined when there was nothing to delete. */
  async remove(object: ObjectReference, propagationPolicy: string): Promise<Properties | undefined> {
    const path = await this.path(object);
    return (await this.client.request("DELETE", path, { query: { propagationPolicy } }).catch(absent))?.body;
  }

  /** Like {@link Cluster.path}, but patient with a kind whose definition was made a moment ago. */
  async awaitKind(object: ObjectReference, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !(await this.kind(object)); attempt++) {
      if (attempt === 10 || signal.aborted) throw new UnknownKindError(object);
      await sleep(500);
    }
  }
}

function explain(object: KubeObject, { status, message }: ApiError): string {
  const words = message.includes(object.metadata.name ?? "") ? message : `${describe(object)}: ${message}`;
  if (status !== 409 || !message.startsWith("Apply failed")) return words;
  return (
    `${describe(object)}: ${message}\n` +
    "Another manager owns these fields. Leave them out of the program or list them in ignoreChanges; or take them over " +
    'with the annotation pulumi.com/patchForce: "true".'
  );
}

function absent(error: unknown): undefined {
  if (error instanceof ApiError && error.status === 404) return undefined;
  throw error;
}

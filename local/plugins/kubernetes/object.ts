import { isObject, without, type Properties, type Value } from "../protocol/values.ts";

/** Any Kubernetes object, plain. */
export interface KubeObject extends Properties {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
}

export interface Metadata extends Properties {
  name?: string;
  namespace?: string;
  uid?: string;
  annotations?: Record<string, string>;
}

/** Enough to find an object. */
export type ObjectReference = Pick<KubeObject, "apiVersion" | "kind" | "metadata">;

/** @throws when what should be an object lacks what makes it one: the SDK sets kind and apiVersion in each typed resource. */
export function asObject(value: Properties): KubeObject {
  if (typeof value.apiVersion !== "string" || typeof value.kind !== "string" || !isObject(value.metadata))
    throw new Error("this is no Kubernetes object: it needs apiVersion, kind and metadata");
  return value as KubeObject;
}

/** `apps/Deployment`, or `Service` for the core group: what a kind is regardless of its API's version. */
export function groupKind({ apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">): string {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : undefined;
  return group ? `${group}/${kind}` : kind;
}

/** How messages name an object: `Deployment dify/api`. */
export function describe({ kind, metadata }: ObjectReference): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name ?? ""}`;
}

/** The id in the state, as the vendor's plugin makes it: `namespace/name`, or `name` for what has no namespace. */
export function objectId({ metadata }: ObjectReference): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name ?? ""}` : (metadata.name ?? "");
}

export function parseId(id: string): Metadata {
  const [first = "", second] = id.split("/");
  return second === undefined ? { name: first } : { namespace: first, name: second };
}

/** Reads one of the `pulumi.com/...` annotations that steer this plugin. */
export function steering({ metadata }: ObjectReference, name: string): string | undefined {
  return metadata.annotations?.[`pulumi.com/${name}`];
}

/** What is sent to the API server: no nulls, no status, and a Secret's text encoded. */
export function requestBody(inputs: Properties): KubeObject {
  const { stringData, ...rest } = without(withoutNulls(inputs), "status");
  const body: Properties = { ...rest };
  if (rest.kind === "Secret" && isObject(stringData)) {
    // stringData is write-only: what leaves it would stay in data for ever (kubernetes#70281).
    const encoded = Object.entries(stringData).map(([key, text]) => [key, base64(text)] as const);
    body.data = { ...(isObject(rest.data) ? rest.data : {}), ...Object.fromEntries(encoded) };
  } else if (stringData !== undefined) body.stringData = stringData;
  return asObject(body);
}

export function withoutNulls(value: Properties): Properties {
  const strip = (item: Value): Value => {
    if (Array.isArray(item)) return item.map(strip);
    if (!isObject(item)) return item;
    const kept = Object.entries(item).filter(([, inner]) => inner !== null && inner !== undefined);
    return Object.fromEntries(kept.map(([name, inner]) => [name, strip(inner)]));
  };
  return strip(value) as Properties;
}

function base64(text: Value): string {
  return Buffer.from(typeof text === "string" ? text : JSON.stringify(text)).toString("base64");
}

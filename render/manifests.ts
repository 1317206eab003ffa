import type { KubernetesObject } from "@kubernetes/client-node";
import { stringify } from "yaml";
import type { Declared } from "./declare.ts";

/** An object of Kubernetes as the program asks for it. */
export interface Manifest {
  /** `<namespace>/<kind>-<name>.yaml`; what belongs to no namespace lies in `_cluster`, which comes first in order. */
  readonly path: string;
  readonly object: KubernetesObject;
  /** Whether it holds something that only a provider computes, such as a certificate: what stands there is a stand-in. */
  readonly hasPlaceholders: boolean;
}

/** A Secret that is left out: what somebody has to bring for the pods that read it. */
export interface LeftOutSecret {
  readonly namespace: string;
  readonly name: string;
  readonly keys: readonly string[];
}

export interface Rendering {
  readonly manifests: readonly Manifest[];
  readonly secrets: readonly LeftOutSecret[];
  /** Resources that are no objects of Kubernetes: type -> how many. */
  readonly others: Readonly<Record<string, number>>;
}

export interface RenderOptions {
  /** Render Secrets too, with stand-ins for what is generated or encrypted. */
  readonly secrets: boolean;
}

/** What the program registered, as plain manifests in a fixed order. */
export function rendering(declared: readonly Declared[], { secrets }: RenderOptions): Rendering {
  const standIns = declared.filter(({ type }) => !isKubernetes(type)).flatMap((resource) => texts(resource.computed));
  const objects = declared.filter(({ inputs, type }) => isKubernetes(type) && "kind" in inputs);
  const rendered = objects
    .filter(({ inputs }) => secrets || inputs["kind"] !== "Secret")
    .map(({ name, inputs, revealed }) => {
      const object = (secrets ? revealed : inputs) as KubernetesObject;
      const path = pathOf(object, name);
      return { path, object, hasPlaceholders: texts(object).some((text) => standIns.some((s) => text.includes(s))) };
    });
  return {
    manifests: inOrder(rendered),
    secrets: secrets ? [] : leftOut(objects.filter(({ inputs }) => inputs["kind"] === "Secret")),
    others: countByType(declared.filter(({ type }) => isForeign(type))),
  };
}

/** A manifest's text, the same for the same object. */
export function manifestText({ object }: Manifest): string {
  // Kubernetes reads YAML 1.1: texts such as "yes" must stay texts.
  return stringify(object, { version: "1.1", sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
}

const isKubernetes = (type: string) => type.startsWith("kubernetes:");
/** Made by another provider; components and providers themselves are made by nobody. */
const isForeign = (type: string) => !/^(kubernetes|dify-ha|pulumi):/.test(type);

function pathOf({ kind, metadata }: KubernetesObject, resource: string): string {
  if (!kind || !metadata?.name) throw new Error(`Resource ${resource} has no kind or no name of its own.`);
  // Names of roles may have colons, which not every file system takes.
  const file = `${kind.toLowerCase()}-${metadata.name}`.replaceAll(":", "-");
  return `${metadata.namespace ?? "_cluster"}/${file}.yaml`;
}

function inOrder(manifests: readonly Manifest[]): Manifest[] {
  const byPath = new Map(manifests.map((manifest) => [manifest.path, manifest]));
  if (byPath.size < manifests.length) throw new Error("Two objects would be rendered to the same file.");
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function leftOut(secrets: readonly Declared[]): LeftOutSecret[] {
  return secrets
    .map(({ inputs }) => {
      const { metadata, data, stringData } = inputs as KubernetesObject & Record<"data" | "stringData", object>;
      const keys = Object.keys({ ...data, ...stringData }).sort();
      return { namespace: metadata?.namespace ?? "", name: metadata?.name ?? "", keys };
    })
    .sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
}

function countByType(resources: readonly Declared[]): Record<string, number> {
  const types = resources.map(({ type }) => type).sort();
  return Object.fromEntries([...new Set(types)].map((type) => [type, types.filter((t) => t === type).length]));
}

/** Every text inside a value. */
function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(texts);
}

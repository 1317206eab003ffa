import { text, texts } from "./values.ts";

/** A resource as the rules see it: plain data, the same from a preview, an update, a state file or a golden list. */
export interface Resource {
  /** Pulumi's type, such as "kubernetes:apps/v1:StatefulSet". */
  readonly type: string;
  readonly name: string;
  /** What the program asks for; a value that a preview cannot know is `notYetKnown`. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Pulumi refuses to delete it. */
  readonly protect?: boolean;
}

/** Kubernetes' kind, also of the resource that patches it ("DeploymentPatch"); undefined for all that is no object of Kubernetes. */
export function kindOf(resource: Resource): string | undefined {
  if (!resource.type.startsWith("kubernetes:")) return undefined;
  return resource.type
    .split(":")
    .at(-1)
    ?.replace(/Patch$/, "");
}

/** Namespace of an object; the cluster's "default" when it names none. */
export function namespaceOf(resource: Resource): string {
  return text(resource.inputs, "metadata", "namespace") ?? "default";
}

/** Name of an object in the cluster, or in the program when the cluster is left to choose. */
export function nameOf(resource: Resource): string {
  return text(resource.inputs, "metadata", "name") ?? resource.name;
}

export function labelsOf(resource: Resource): Readonly<Record<string, string>> {
  return texts(resource.inputs, "metadata", "labels");
}

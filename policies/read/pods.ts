import { kindOf, type Resource } from "./resource.ts";
import { list, read, text, texts } from "./values.ts";

/** Where each kind that carries pods keeps their template. */
const templates: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  PodTemplate: ["template"],
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  ReplicationController: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

/** The pods that a resource makes: its own specification or its template's. */
export interface PodTemplate {
  readonly spec: unknown;
  readonly labels: Readonly<Record<string, string>>;
}

/** The pods of every kind that carries them; undefined for all other resources. */
export function podsOf(resource: Resource): PodTemplate | undefined {
  const path = templates[kindOf(resource) ?? ""];
  if (!path) return undefined;
  return {
    spec: read(resource.inputs, ...path, "spec"),
    labels: texts(resource.inputs, ...path, "metadata", "labels"),
  };
}

/** A container of any sort with its name; what else it says is read by whoever needs it. */
export interface Container {
  readonly name: string;
  readonly definition: unknown;
}

/** All containers of a resource's pods: the ordinary, those that run before and those added for debugging. */
export function containersOf(resource: Resource): readonly Container[] {
  const pods = podsOf(resource);
  if (!pods) return [];
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((sort) =>
    list(pods.spec, sort).map((definition, i) => ({ name: text(definition, "name") ?? `${sort}[${i}]`, definition })),
  );
}

/** Does a label selector (matchLabels only, as the program writes them) choose pods with these labels? An empty one chooses none. */
export function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(texts(selector, "matchLabels"));
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

import { kindOf, type Resource } from "../../read/resource.ts";
import { list, number, read, text } from "../../read/values.ts";
import { rule } from "../../rule.ts";

/** What decides whether a node goes without its pod of a DaemonSet. */
export interface Daemon {
  /** Pods of a node that may be down, and added, while they are replaced; a share ("10%") counts as text. */
  readonly maxUnavailable: number | string | undefined;
  readonly maxSurge: number | string | undefined;
  /** Whether pods are replaced by themselves at all. */
  readonly rolling: boolean;
  /** Containers that do not say when they serve. */
  readonly unprobed: readonly string[];
  /** Containers for which no processor time or memory is set aside. */
  readonly unreserved: readonly string[];
}

/** H10: clients have the pod of their own node alone, with no replicas and no spread to help: the next one serves before it goes. */
export function daemonViolations({ maxUnavailable, maxSurge, rolling, unprobed, unreserved }: Daemon): string[] {
  const replacedFirst = rolling && maxUnavailable === 0 && maxSurge !== undefined && parseInt(String(maxSurge), 10) > 0;
  return [
    ...(replacedFirst
      ? []
      : ["an update leaves a node without it: set updateStrategy RollingUpdate with maxSurge 1 and maxUnavailable 0"]),
    ...unprobed.map((name) => `container "${name}" counts as serving when it has merely started: add a readinessProbe`),
    ...unreserved.map((name) => `container "${name}" gets what its node has left: request cpu and memory`),
  ];
}

function daemonOf(resource: Resource): Daemon {
  const strategy = read(resource.inputs, "spec", "updateStrategy");
  const amount = (key: string) => number(strategy, "rollingUpdate", key) ?? text(strategy, "rollingUpdate", key);
  const serving = list(resource.inputs, "spec", "template", "spec", "containers").map((definition, i) => ({
    name: text(definition, "name") ?? `containers[${i}]`,
    definition,
  }));
  const requests = (definition: unknown, what: string) => read(definition, "resources", "requests", what) !== undefined;
  return {
    maxUnavailable: amount("maxUnavailable"),
    maxSurge: amount("maxSurge"),
    rolling: text(strategy, "type") === "RollingUpdate",
    unprobed: serving.filter(({ definition }) => !read(definition, "readinessProbe")).map(({ name }) => name),
    unreserved: serving
      .filter(({ definition }) => !requests(definition, "cpu") || !requests(definition, "memory"))
      .map(({ name }) => name),
  };
}

export const daemonUpdates = rule({
  name: "daemon-updates",
  requirement: "H10",
  description:
    "A node never goes without a pod that its clients depend on: DaemonSets start the next before the last ends.",
  why: "Clients use the proxy of their own node alone: while it is replaced, they have none.",
  remediation: "Set updateStrategy RollingUpdate with maxSurge 1 and maxUnavailable 0, a readinessProbe and requests.",
  severity: "medium",
  sees: "resource",
  subjects: (resource) => (kindOf(resource) === "DaemonSet" ? [daemonOf(resource)] : []),
  check: daemonViolations,
});

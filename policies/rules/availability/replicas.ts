import { kindOf, namespaceOf, type Resource } from "../../read/resource.ts";
import { list, number, text } from "../../read/values.ts";
import { workloadOf, type Workload } from "../../read/workloads.ts";
import { rule, violation } from "../../rule.ts";

const names = (description: string, fallback: readonly string[]) =>
  ({ type: "array", items: { type: "string" }, description, default: fallback }) as const;

const deploymentOf = (resource: Resource): Workload[] =>
  kindOf(resource) === "Deployment" ? [workloadOf(resource) ?? []].flat() : [];

export const serviceReplicas = rule({
  name: "service-replicas",
  requirement: "H1, H5",
  description: "Every service runs twice or more, or as an autoscaler chooses.",
  why: "What runs once is away with its node, and with every update.",
  remediation: "Set replicas to 2 or more; name what must run once under singletons.",
  severity: "high",
  sees: "resource",
  parameters: {
    singletons: names("Deployments that may run once.", ["beat"]),
  },
  subjects: deploymentOf,
  check: ({ name, replicas }, { singletons }) =>
    violation(
      replicas !== undefined && replicas < 2 && !singletons.includes(name),
      `it runs ${replicas} time${replicas === 1 ? "" : "s"}: set replicas to 2 or more`,
    ),
});

interface Single {
  readonly name: string;
  readonly replicas: number | undefined;
  readonly strategy: string | undefined;
}

/** H1: two schedulers send every task twice. */
export function singletonViolations({ replicas, strategy }: Single): string[] {
  return [
    ...violation((replicas ?? 0) !== 1, "it must run exactly once: set replicas to 1, without an autoscaler"),
    ...violation(strategy !== "Recreate", "an update runs two of it for a while: set strategy.type to Recreate"),
  ];
}

export const singletons = rule({
  name: "singletons",
  requirement: "H1",
  description: "What must run once never runs twice, not even during an update.",
  why: "Two schedulers send every task twice.",
  remediation: "Set replicas to 1 and strategy.type to Recreate.",
  severity: "high",
  sees: "resource",
  parameters: { singletons: names("Deployments that must never run twice.", ["beat"]) },
  subjects: (resource, _stack, parameters) =>
    deploymentOf(resource)
      .filter(({ name }) => parameters.singletons.includes(name))
      .map(({ name, replicas }) => ({ name, replicas, strategy: text(resource.inputs, "spec", "strategy", "type") })),
  check: singletonViolations,
});

/** An autoscaler, and what it is to scale. */
export interface Autoscaler {
  readonly target: Pick<Workload, "replicas"> | undefined;
  readonly least: number;
  readonly most: number;
  readonly metrics: number;
}

function autoscalerOf(resource: Resource, stack: readonly Resource[]): Autoscaler[] {
  if (kindOf(resource) !== "HorizontalPodAutoscaler") return [];
  const kind = text(resource.inputs, "spec", "scaleTargetRef", "kind");
  const name = text(resource.inputs, "spec", "scaleTargetRef", "name");
  const target = stack
    .filter((r) => kindOf(r) === kind && namespaceOf(r) === namespaceOf(resource))
    .flatMap((r) => workloadOf(r) ?? [])
    .find((workload) => workload.name === name);
  return [
    {
      target,
      least: number(resource.inputs, "spec", "minReplicas") ?? 1,
      most: number(resource.inputs, "spec", "maxReplicas") ?? 1,
      metrics: list(resource.inputs, "spec", "metrics").length,
    },
  ];
}

export const autoscaledReplicas = rule({
  name: "autoscaled-replicas",
  requirement: "H11",
  description: "Who is scaled by an autoscaler states no number of replicas, and is there.",
  why: "A number beside an autoscaler takes back at each update what load has asked for.",
  remediation: "Leave spec.replicas out of the target, and name a workload that exists.",
  severity: "medium",
  sees: "stack",
  subjects: autoscalerOf,
  check: ({ target }) =>
    target === undefined
      ? ["it scales nothing of this stack: set scaleTargetRef to a workload that is declared"]
      : violation(
          target.replicas !== undefined,
          "its target states replicas and fights with it: leave spec.replicas out",
        ),
});

export const autoscalerBounds = rule({
  name: "autoscaler-bounds",
  requirement: "H11",
  description: "An autoscaler leaves two replicas at least, may add some, and has something to go by.",
  why: "One replica is none when its node goes, and bounds that are equal scale nothing.",
  remediation: "Set minReplicas to 2 or more, maxReplicas to more than that, and a metric.",
  severity: "medium",
  sees: "resource",
  subjects: (resource) => autoscalerOf(resource, []),
  check: ({ least, most, metrics }) => [
    ...violation(least < 2, `it may leave ${least} replica: set minReplicas to 2 or more`),
    ...violation(most <= least, `it can add none to ${least}: set maxReplicas to more`),
    ...violation(metrics === 0, "it has nothing to go by: name a metric"),
  ],
});

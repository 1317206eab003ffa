import { containersOf, podsOf } from "../../read/pods.ts";
import { kindOf, nameOf, type Resource } from "../../read/resource.ts";
import { list, number, read, text } from "../../read/values.ts";
import { rule, violation } from "../../rule.ts";

const serving = (resource: Resource) => ["Deployment", "StatefulSet"].includes(kindOf(resource) ?? "");

/** Containers that others connect to: those with ports. */
function servers(resource: Resource) {
  const main = list(podsOf(resource)?.spec, "containers");
  return containersOf(resource).filter(
    ({ definition }) => main.includes(definition) && list(definition, "ports").length > 0,
  );
}

export const readinessProbes = rule({
  name: "readiness-probes",
  requirement: "H7",
  description: "Pods that serve say when they do.",
  why: "Without a readiness probe traffic goes to a pod that has merely started, and a rollout takes the old ones away.",
  remediation: "Add a readinessProbe to a container with ports.",
  severity: "high",
  sees: "resource",
  subjects: (resource) => {
    const found = serving(resource) ? servers(resource) : [];
    return found.length === 0 ? [] : [found.some(({ definition }) => read(definition, "readinessProbe") !== undefined)];
  },
  check: (probed) => violation(!probed, "it counts as serving when it has merely started: add a readinessProbe"),
});

/** A liveness probe of a member that holds data. Times are in seconds. */
export interface Liveness {
  readonly container: string;
  /** How long it may be silent. */
  readonly patience: number;
  /** It is the readiness probe again, which also fails for reasons that a restart makes worse. */
  readonly asReadiness: boolean;
}

export function livenessViolations({ container, patience, asReadiness }: Liveness, minimum: number): string[] {
  return [
    ...violation(
      asReadiness,
      `container "${container}" is killed when it is merely not ready: give livenessProbe a check of the process alone, or take it away`,
    ),
    ...violation(
      patience < minimum,
      `container "${container}" is killed after ${patience} s of silence; the policy asks for ${minimum}: raise failureThreshold`,
    ),
  ];
}

export const memberLiveness = rule({
  name: "member-liveness",
  requirement: "H7",
  description: "Members that hold data are not killed for being slow, or for what others lack.",
  why: "A database that is killed while it recovers starts over, and one that is killed with its disk busy loses its place for nothing.",
  remediation: "Take the livenessProbe away, or let it ask the process alone, with patience.",
  severity: "high",
  sees: "resource",
  parameters: {
    patience: { type: "integer", minimum: 1, description: "Seconds of silence that are no death.", default: 60 },
  },
  subjects: (resource) =>
    kindOf(resource) !== "StatefulSet" || list(resource.inputs, "spec", "volumeClaimTemplates").length === 0
      ? []
      : containersOf(resource).flatMap(({ name, definition }) => {
          const live = read(definition, "livenessProbe");
          if (live === undefined) return [];
          const path = text(live, "httpGet", "path");
          const command = JSON.stringify(read(live, "exec", "command"));
          const ready = read(definition, "readinessProbe");
          return [
            {
              container: name,
              patience: (number(live, "periodSeconds") ?? 10) * (number(live, "failureThreshold") ?? 3),
              asReadiness:
                (path !== undefined && path === text(ready, "httpGet", "path")) ||
                (command !== undefined && command === JSON.stringify(read(ready, "exec", "command"))),
            },
          ];
        }),
  check: (liveness, { patience }) => livenessViolations(liveness, patience),
});

export const resourceRequests = rule({
  name: "resource-requests",
  requirement: "H10",
  description: "Every container asks for processor time and memory, and is held to its memory.",
  why: "What asks for nothing gets what is left, and what has no bound takes the memory of a database beside it.",
  remediation: "Set resources.requests.cpu, resources.requests.memory and resources.limits.memory.",
  severity: "medium",
  sees: "resource",
  // Of a DaemonSet daemon-updates asks for it.
  subjects: (resource) => (kindOf(resource) === "DaemonSet" ? [] : containersOf(resource)),
  check: ({ name, definition }) => {
    const missing = [
      ["requests", "cpu"],
      ["requests", "memory"],
      ["limits", "memory"],
    ].filter(([part = "", what = ""]) => read(definition, "resources", part, what) === undefined);
    const fields = missing.map((path) => `resources.${path.join(".")}`).join(", ");
    return violation(missing.length > 0, `container "${name}" has no bounds: set ${fields}`);
  },
});

/** Time to end: of a pod, and what it does with it. */
export interface Ending {
  readonly grace: number;
  /** Slept before the program is told to end. */
  readonly sleep: number;
  readonly minimum: number;
}

export function endingViolations({ grace, sleep, minimum }: Ending): string[] {
  return violation(
    grace < sleep + minimum,
    `it is killed ${grace} s after it was told to end, of which it sleeps ${sleep}; the policy asks for ${minimum} besides: raise terminationGracePeriodSeconds`,
  );
}

/** Of this program's workloads, in seconds. */
const longestEndings: Readonly<Record<string, number>> = {
  api: 1200,
  worker: 1200,
  gateway: 1200,
  "plugin-daemon": 1200,
  postgres: 60,
};

export const terminationGrace = rule({
  name: "termination-grace",
  requirement: "H10",
  description: "Pods have time to end what they are at before they are killed.",
  why: "A run of an hour that is cut off at every update is a failure that users see.",
  remediation: "Raise terminationGracePeriodSeconds above the sleep in preStop and the longest run.",
  severity: "medium",
  sees: "resource",
  parameters: {
    minimum: { type: "integer", minimum: 1, description: "Seconds that every pod has.", default: 20 },
    longest: {
      type: "object",
      additionalProperties: { type: "integer" },
      description: "Seconds that some workloads need, by name.",
      default: longestEndings,
    },
  },
  subjects: (resource, _stack, { minimum, longest }) => {
    if (!serving(resource)) return [];
    const pod = podsOf(resource)?.spec;
    const sleeps = containersOf(resource).map(({ definition }) =>
      number(definition, "lifecycle", "preStop", "sleep", "seconds"),
    );
    return [
      {
        // Kubernetes' own default.
        grace: number(pod, "terminationGracePeriodSeconds") ?? 30,
        sleep: Math.max(0, ...sleeps.map((seconds) => seconds ?? 0)),
        minimum: longest[nameOf(resource)] ?? minimum,
      },
    ];
  },
  check: endingViolations,
});

export const priorityClasses = rule({
  name: "priority-classes",
  requirement: "H10",
  description: "Every pod says how long it survives when a node runs short.",
  why: "Without it a database is evicted as readily as a job.",
  remediation: "Set priorityClassName.",
  severity: "low",
  sees: "resource",
  subjects: (resource) => [podsOf(resource) ?? []].flat(),
  check: ({ spec }) =>
    violation(!text(spec, "priorityClassName"), "it is evicted as readily as anything else: set priorityClassName"),
});

import { containersOf, podsOf } from "../../read/pods.ts";
import { nameOf, type Resource } from "../../read/resource.ts";
import { flag, list, number, read, text } from "../../read/values.ts";
import { rule } from "../../rule.ts";

/** What a container is kept from; each is the name by which an exception allows it. */
export const protections = {
  "non-root": "it may run as root: set runAsNonRoot and a user other than 0",
  "read-only-root": "it can write to its root file system: set readOnlyRootFilesystem and name writable directories",
  "no-escalation": "its programs can gain rights: set allowPrivilegeEscalation to false",
  "no-privileges": "it is privileged: take privileged away",
  "no-capabilities": 'it keeps capabilities of the kernel: drop "ALL" and add none',
  seccomp: "no filter stands before its system calls: set seccompProfile RuntimeDefault",
  "own-host": "it shares names, processes or files with its host: take hostNetwork, hostPID, hostIPC and hostPath away",
} as const;

type Protection = keyof typeof protections;

/** A departure that somebody answers for. */
export interface Exception {
  readonly allow: readonly Protection[];
  readonly reason: string;
}

export interface ContainerSecurity {
  readonly workload: string;
  readonly container: string;
  readonly missing: readonly Protection[];
}

/** H14: a program that is taken over can do as little as possible. */
export function hardeningViolations(
  { workload, container, missing }: ContainerSecurity,
  exceptions: Readonly<Record<string, Exception>>,
): string[] {
  const allowed = exceptions[workload]?.allow ?? [];
  return missing
    .filter((protection) => !allowed.includes(protection))
    .map((protection) => `container "${container}": ${protections[protection]} [${protection}]`);
}

/** What a container's own word, or else its pod's, leaves unprotected. */
function missingOf(pod: unknown, container: unknown): Protection[] {
  const own = read(container, "securityContext");
  const shared = read(pod, "securityContext");
  const user = number(own, "runAsUser") ?? number(shared, "runAsUser");
  const seccomp = text(own, "seccompProfile", "type") ?? text(shared, "seccompProfile", "type");
  const capabilities = {
    dropped: list(own, "capabilities", "drop"),
    added: list(own, "capabilities", "add"),
  };
  const hostParts = ["hostNetwork", "hostPID", "hostIPC"].some((part) => flag(pod, part) === true);
  const hostFiles = list(pod, "volumes").some((volume) => read(volume, "hostPath") !== undefined);
  const holds: Record<Protection, boolean> = {
    "non-root": (flag(own, "runAsNonRoot") ?? flag(shared, "runAsNonRoot")) === true && user !== 0,
    "read-only-root": flag(own, "readOnlyRootFilesystem") === true,
    "no-escalation": flag(own, "allowPrivilegeEscalation") === false,
    "no-privileges": flag(own, "privileged") !== true,
    "no-capabilities": capabilities.dropped.includes("ALL") && capabilities.added.length === 0,
    seccomp: seccomp === "RuntimeDefault" || seccomp === "Localhost",
    "own-host": !hostParts && !hostFiles,
  };
  return (Object.keys(protections) as Protection[]).filter((protection) => !holds[protection]);
}

function securityOf(resource: Resource): ContainerSecurity[] {
  const pod = podsOf(resource)?.spec;
  return containersOf(resource).map(({ name, definition }) => ({
    workload: nameOf(resource),
    container: name,
    missing: missingOf(pod, definition),
  }));
}

export const hardenedPods = rule({
  name: "hardened-pods",
  requirement: "H14",
  description: "Pods run as non-root with a read-only root and no rights beyond, except where a reason is given.",
  why: "A program that is taken over can do what its pod may do.",
  remediation:
    'Set the securityContext as the message says, or document the departure under "exceptions" with its reason.',
  severity: "high",
  sees: "resource",
  parameters: {
    exceptions: {
      type: "object",
      additionalProperties: {
        type: "object",
        properties: {
          allow: { type: "array", items: { enum: Object.keys(protections) }, minItems: 1 },
          reason: { type: "string", minLength: 20 },
        },
        required: ["allow", "reason"],
        additionalProperties: false,
      },
      description: "Workloads that need more, by name: which protections they go without, and why.",
      default: {},
    },
  },
  subjects: securityOf,
  check: (security, { exceptions }) => hardeningViolations(security, exceptions),
});

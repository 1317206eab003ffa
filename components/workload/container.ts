import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Resources } from "../../config/units.ts";

type Container = types.input.core.v1.Container;

/** A variable's value out of a Secret, so that it stands in no pod template. */
export interface FromSecret {
  readonly secret: pulumi.Input<string>;
  readonly key: string;
}

/** A variable's value out of the pod itself: "metadata.name". */
export interface FromField {
  readonly field: string;
}

export type EnvironmentValue = pulumi.Input<string> | FromSecret | FromField;

/** A container as components state it: what every container must say, without what is the same for all. */
export interface ContainerArgs extends Omit<Container, "env" | "resources" | "securityContext" | "volumeMounts"> {
  readonly name: string;
  readonly image: string;
  /** Requests; memory is the limit too. */
  readonly resources: Resources;
  /** Variables: plain text, a key of a Secret, or a field of the pod. */
  readonly env?: Readonly<Record<string, EnvironmentValue>>;
  /** Volumes of the pod by mount path. */
  readonly mounts?: Readonly<Record<string, Mount>>;
  /** Directories that the program writes to; the rest of its file system is read-only. Emptied when the pod goes. */
  readonly writable?: readonly string[];
  /** Departures from the safe defaults; say why beside it. */
  readonly security?: types.input.core.v1.SecurityContext;
}

/** Where a volume of the pod appears in a container. */
export interface Mount {
  readonly volume: string;
  readonly readOnly?: boolean;
  /** One file or folder of the volume in place of the whole. */
  readonly subPath?: string;
}

/** What no container may do unless it says otherwise: Pod Security "restricted", and a read-only root besides. */
const safeDefaults: types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
};

/** Name of the volume behind a writable directory: "/var/run/redis" of "redis" is "redis-var-run-redis". */
export function writableVolume(container: string, path: string): string {
  return `${container}${path.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}`.replace(/-$/, "");
}

function isReference(value: EnvironmentValue): value is FromSecret | FromField {
  const plain = typeof value === "object" && value !== null && !pulumi.Output.isInstance(value);
  return plain && ("secret" in value || "field" in value);
}

function environment(values: Readonly<Record<string, EnvironmentValue>>): types.input.core.v1.EnvVar[] {
  return Object.entries(values).map(([name, value]) => {
    if (!isReference(value)) return { name, value };
    return "secret" in value
      ? { name, valueFrom: { secretKeyRef: { name: value.secret, key: value.key } } }
      : { name, valueFrom: { fieldRef: { fieldPath: value.field } } };
  });
}

/** The container as Kubernetes takes it. */
export function container(args: ContainerArgs): Container {
  const { env, mounts = {}, writable = [], resources, security, ...rest } = args;
  const volumeMounts = [
    ...Object.entries(mounts).map(([mountPath, { volume, ...mount }]) => ({ name: volume, mountPath, ...mount })),
    ...writable.map((mountPath) => ({ name: writableVolume(args.name, mountPath), mountPath })),
  ];
  return {
    ...rest,
    ...(env && { env: environment(env) }),
    ...(volumeMounts.length > 0 && { volumeMounts }),
    resources: { requests: { ...resources }, limits: { memory: resources.memory } },
    securityContext: { ...safeDefaults, ...security },
  };
}

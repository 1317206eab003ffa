import { z } from "zod";
import { Failure } from "../../local/failure.ts";
import type { RestoreCluster } from "../restore/cluster.ts";

/** What is carried: Dify's files with the keys of its tenants, and what the plugin daemon keeps. Each has a directory and a bucket. */
export const roles = ["files", "plugins"] as const;
export type Role = (typeof roles)[number];

/** Where a migration stands. What ends with -ing was begun, and may be half done. */
export const phases = [
  "preparing",
  "prepared",
  "copied",
  "cutting-over",
  "cut-over",
  "verified",
  "rolling-back",
  "rolled-back",
  "finished",
] as const;
export type Phase = (typeof phases)[number];

/** A directory, and how a pod gets it. */
const directorySchema = z.strictObject({
  role: z.enum(roles),
  /** As a person finds it: "/data/dify on node-1", "claim dify-storage". */
  place: z.string(),
  /** The volume of a pod, without its name. */
  volume: z.record(z.string(), z.unknown()),
  /** Folder of the volume. */
  subPath: z.string().optional(),
  /** Node that has it; undefined where any pod can have the volume. */
  node: z.string().optional(),
  /** Pattern of what is not carried, as rclone takes it: what the plugin daemon builds anew. */
  exclude: z.string().optional(),
});
export type Directory = z.infer<typeof directorySchema>;

const workloadSchema = z.strictObject({
  /** Of the StatefulSet, and of the Deployment that takes its place. */
  name: z.string(),
  role: z.enum(roles),
  replicas: z.number().int(),
  /** Volume of its pods with the directory. */
  volume: z.string(),
});
export type MovedWorkload = z.infer<typeof workloadSchema>;

/** What is to be moved and how far it is: kept in the cluster, so that whoever comes next goes on where the last one was stopped. */
export const stateSchema = z.strictObject({
  version: z.literal(1),
  phase: z.enum(phases),
  /** When it was prepared first, as "20261122T020000Z": names the folder of its archive. */
  id: z.string(),
  /** Secret with the target's address and keys. */
  target: z.string(),
  /** Image with rclone. */
  image: z.string(),
  directories: z.array(directorySchema).min(1),
  workloads: z.array(workloadSchema).min(1),
  /** SHA-256 of what was saved of the installation, and of each archive's manifest. */
  saved: z.string().optional(),
  archives: z.partialRecord(z.enum(roles), z.strictObject({ count: z.number(), sum: z.string() })),
  /** Whether the buckets were filled by this migration, so that what they hold more than the directories may go. */
  filled: z.boolean(),
  /** When the writers had stopped. */
  cut: z.iso.datetime().optional(),
  /** Whether Deployments were let loose on the buckets: from then on these are newer than the directories, and must not be made like them again. */
  served: z.boolean(),
});
export type State = z.infer<typeof stateSchema>;

/** ConfigMap of the installation's namespace with the state. */
export const stateName = "storage-migration";
const key = "state.json";

/** @throws Failure when somebody changed it into something else. */
export async function readState(cluster: RestoreCluster): Promise<State | undefined> {
  const namespace = cluster.namespaces.app;
  const found = await cluster.present(() => cluster.core.readNamespacedConfigMap({ name: stateName, namespace }));
  if (!found) return undefined;
  try {
    return stateSchema.parse(JSON.parse(found.data?.[key] ?? ""));
  } catch {
    throw new Failure(
      `ConfigMap ${stateName} in ${namespace} is no state of this version: use the version that began.`,
    );
  }
}

/** Keeps a state, in place of the one before. */
export async function keepState(cluster: RestoreCluster, state: State): Promise<void> {
  const namespace = cluster.namespaces.app;
  await cluster.putConfigMap(namespace, {
    metadata: { name: stateName, namespace },
    data: { [key]: `${JSON.stringify(state, undefined, 2)}\n` },
  });
}

/** Commands that change something, and from where each may be given. */
const from: Readonly<Record<Command, readonly (Phase | "none")[]>> = {
  prepare: ["none", "preparing", "prepared", "copied", "rolled-back"],
  copy: ["prepared", "copied"],
  "cut-over": ["copied", "cutting-over"],
  verify: ["cut-over", "verified"],
  "roll-back": ["cutting-over", "cut-over", "verified", "rolling-back"],
  finish: ["verified"],
};
export const commands = ["prepare", "copy", "cut-over", "verify", "roll-back", "finish"] as const;
export type Command = (typeof commands)[number];

/** What may be done where a migration stands. */
export const possible = (phase: Phase | undefined): Command[] =>
  commands.filter((command) => from[command].includes(phase ?? "none"));

/** @throws Failure that says what comes first. */
export function refuseOutOfTurn(command: Command, phase: Phase | undefined): void {
  if (from[command].includes(phase ?? "none")) return;
  const next = possible(phase);
  throw new Failure(
    `The migration is ${phase ?? "not prepared"}: ${command} is not possible now, but ${next.length > 0 ? next.join(" or ") : "nothing more"}.`,
  );
}

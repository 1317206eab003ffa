import type {
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StatefulSet,
  V1Volume,
  V1VolumeMount,
} from "@kubernetes/client-node";
import { nameLabel } from "../../components/workload/labels.ts";
import { Failure } from "../../local/failure.ts";
import { jobWorkload } from "./manifests.ts";
import { roles, type Directory, type MovedWorkload, type Role } from "./state.ts";

/** What there is in the installation's namespace, and the volumes behind its claims. */
export interface Found {
  readonly sets: readonly V1StatefulSet[];
  readonly pods: readonly V1Pod[];
  readonly claims: readonly V1PersistentVolumeClaim[];
  readonly volumes: readonly V1PersistentVolume[];
  /** Names of Deployments. */
  readonly deployments: readonly string[];
}

/** Where Dify's images keep their files. */
const folders: Readonly<Record<Role, string>> = { files: "/app/api/storage", plugins: "/app/storage" };

/** What the plugin daemon builds anew wherever it starts. */
const working = "/cwd/**";

/** A StatefulSet with its storage. */
interface Mounted extends MovedWorkload {
  readonly set: V1StatefulSet;
  /** As its pods have it. */
  readonly source: V1Volume;
  readonly subPath: string | undefined;
}

/**
 * StatefulSets with a directory of Dify's, and where that is.
 * @param node Which has the directory, where the cluster does not say.
 * @throws Failure when files would be left behind, or somebody would go on writing.
 */
export function findInstallation(
  found: Found,
  node?: string,
): { directories: Directory[]; workloads: MovedWorkload[] } {
  const mounted = found.sets.flatMap(mountedBy);
  if (mounted.length === 0)
    throw new Failure(
      `No StatefulSet mounts ${folders.files} or ${folders.plugins} from a directory or a claim: is it the right namespace?`,
    );
  refuseOthers(found, mounted);
  const directories = roles.flatMap((role) => {
    const ofRole = mounted.filter((each) => each.role === role);
    return ofRole.length > 0 ? [directoryOf(ofRole, found, node)] : [];
  });
  return {
    directories,
    workloads: mounted.map(({ name, role, replicas, volume }) => ({ name, role, replicas, volume })),
  };
}

function mountedBy(set: V1StatefulSet): Mounted[] {
  const name = set.metadata?.name ?? "";
  const mounts = (set.spec?.template.spec?.containers ?? []).flatMap(({ volumeMounts }) => volumeMounts ?? []);
  return roles.flatMap((role) => {
    const mount = mounts.find(({ mountPath }) => mountPath.replace(/\/$/, "") === folders[role]);
    if (!mount) return [];
    refuseStatefulSet(set, mount);
    const replicas = set.spec?.replicas ?? 1;
    return [{ name, role, replicas, volume: mount.name, set, source: volumeOf(set, mount), subPath: mount.subPath }];
  });
}

/** What a Deployment could not be, or what would delete the files on the way. */
function refuseStatefulSet({ metadata, spec }: V1StatefulSet, mount: V1VolumeMount): void {
  const name = metadata?.name ?? "";
  const { whenDeleted, whenScaled } = spec?.persistentVolumeClaimRetentionPolicy ?? {};
  if (whenDeleted === "Delete" || whenScaled === "Delete")
    throw new Failure(
      `StatefulSet ${name} would delete its claims, and the files with them, when it is stopped: set its persistentVolumeClaimRetentionPolicy to Retain.`,
    );
  const others = (spec?.volumeClaimTemplates ?? []).filter((claim) => claim.metadata?.name !== mount.name);
  if (others.length > 0)
    throw new Failure(
      `StatefulSet ${name} has claims besides its storage (${others.map((each) => each.metadata?.name).join(", ")}), which a Deployment cannot have: take them out of it.`,
    );
  const own = spec?.volumeClaimTemplates?.some((claim) => claim.metadata?.name === mount.name) ?? false;
  if (own && (spec?.replicas ?? 1) > 1)
    throw new Failure(
      `StatefulSet ${name} has ${spec?.replicas} pods, each with files of its own, and nobody knows which is right: bring the files together and scale it to 1.`,
    );
}

function volumeOf(set: V1StatefulSet, mount: V1VolumeMount): V1Volume {
  const name = set.metadata?.name ?? "";
  if (set.spec?.volumeClaimTemplates?.some(({ metadata }) => metadata?.name === mount.name))
    return { name: mount.name, persistentVolumeClaim: { claimName: `${mount.name}-${name}-0` } };
  const volume = set.spec?.template.spec?.volumes?.find((each) => each.name === mount.name);
  if (!volume?.hostPath && !volume?.persistentVolumeClaim)
    throw new Failure(
      `StatefulSet ${name} keeps ${mount.mountPath} neither in a directory of its node nor in a claim: what is in there goes with its pods, and cannot be moved.`,
    );
  return volume;
}

/** The node on which the pods of StatefulSets run, or must run. */
function nodeOf(mounted: readonly Mounted[], { pods }: Found): string | undefined {
  const own = pods.filter((pod) => mounted.some(({ set }) => isOf(pod, set)));
  const nodes = [...new Set(own.flatMap((pod) => pod.spec?.nodeName ?? []))];
  if (nodes.length > 1 && mounted.some(({ source }) => source.hostPath))
    throw new Failure(
      `Pods of ${namesOf(mounted)} run on ${nodes.join(" and ")}, each with the files of its node: bring them together, and say by --node where.`,
    );
  return nodes[0] ?? mounted[0]?.set.spec?.template.spec?.nodeSelector?.["kubernetes.io/hostname"];
}

const isOf = ({ metadata }: V1Pod, set: V1StatefulSet): boolean =>
  metadata?.ownerReferences?.some(({ uid }) => uid === set.metadata?.uid) ?? false;

const namesOf = (mounted: readonly Mounted[]): string => mounted.map(({ name }) => name).join(", ");

/** The one directory that all writers of a role have. */
function directoryOf(mounted: readonly Mounted[], found: Found, named: string | undefined): Directory {
  const [first, ...others] = mounted;
  if (!first) throw new Error("no StatefulSet");
  const { role, source, subPath } = first;
  const other = others.find((each) => idOf(each.source) !== idOf(source) || each.subPath !== subPath);
  if (other)
    throw new Failure(
      `${first.name} and ${other.name} keep their ${role} in different places (${idOf(source)}, ${idOf(other.source)}): bring them together first.`,
    );
  const node = named ?? nodeOf(mounted, found);
  const common = { role, ...(subPath && { subPath }), ...(role === "plugins" && { exclude: working }) };
  const on = `${subPath ? `/${subPath}` : ""}${node ? ` on ${node}` : ""}`;
  if (source.hostPath) {
    const { path } = source.hostPath;
    if (!node) throw new Failure(`No pod says which node has ${path}: name it by --node, as kubectl get nodes does.`);
    // It must be there: an empty one that the kubelet made would look like a migration of nothing.
    return { ...common, place: `${path}${on}`, volume: { hostPath: { path, type: "Directory" } }, node };
  }
  const claimName = source.persistentVolumeClaim?.claimName ?? "";
  const claim = found.claims.find(({ metadata }) => metadata?.name === claimName);
  const behind = found.volumes.find(({ metadata }) => metadata?.name === claim?.spec?.volumeName);
  if (!behind) throw new Failure(`Claim ${claimName} of ${first.name} is not there, or has no volume.`);
  const path = behind.spec?.hostPath?.path ?? behind.spec?.local?.path;
  return {
    ...common,
    place: `claim ${claimName}, ${path ?? `volume ${behind.metadata?.name}`}${on}`,
    volume: { persistentVolumeClaim: { claimName } },
    // A volume that one node has at a time can be read beside Dify there alone.
    ...(node && { node }),
  };
}

/** Whoever has the directory and is not stopped by the cut would write into what nobody reads any more. */
function refuseOthers({ pods, deployments }: Found, mounted: readonly Mounted[]): void {
  const taken = mounted.find(({ name }) => deployments.includes(name));
  if (taken)
    throw new Failure(`There is a Deployment ${taken.name} already: StatefulSet ${taken.name} cannot become it.`);
  const ids = mounted.map(({ source }) => idOf(source));
  const other = pods.find(
    (pod) =>
      !["Succeeded", "Failed"].includes(pod.status?.phase ?? "") &&
      pod.metadata?.labels?.[nameLabel] !== jobWorkload &&
      !mounted.some(({ set }) => isOf(pod, set)) &&
      (pod.spec?.volumes ?? []).some((volume) => ids.includes(idOf(volume))),
  );
  if (other)
    throw new Failure(
      `Pod ${other.metadata?.name} has the same files and belongs to none of the StatefulSets that the cut stops: stop it, or make it one of theirs.`,
    );
}

/** By which a volume is the same as another: its directory or claim; nothing of any other kind. */
const idOf = ({ hostPath, persistentVolumeClaim: claim }: V1Volume): string =>
  claim ? `claim ${claim.claimName}` : (hostPath?.path.replace(/(?<=.)\/$/, "") ?? "");

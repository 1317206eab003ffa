import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from "@kubernetes/client-node";
import { quantityToScalar } from "@kubernetes/client-node/dist/util.js";
import { volumePath } from "./volumeOnNode.ts";

/** The StorageClasses' name for us; the API server writes it on claims that are due. */
export const provisioner = "dify-ha.local/volumes";

const annotations = {
  provisioner: "volume.kubernetes.io/storage-provisioner",
  /** Where the scheduler wants the first pod. */
  node: "volume.kubernetes.io/selected-node",
  provisionedBy: "pv.kubernetes.io/provisioned-by",
} as const;

/** What is to be done so that volumes are as claims want them. */
export type VolumeTask =
  | { readonly kind: "make"; readonly node: string; readonly claim: V1PersistentVolumeClaim }
  | {
      readonly kind: "grow";
      readonly node: string;
      readonly claim: V1PersistentVolumeClaim;
      readonly volume: V1PersistentVolume;
    }
  | { readonly kind: "remove"; readonly node: string; readonly volume: V1PersistentVolume };

/** @param nodes names of the nodes that are ours; claims for others are somebody else's. */
export function volumeTasks(
  claims: readonly V1PersistentVolumeClaim[],
  volumes: readonly V1PersistentVolume[],
  nodes: ReadonlySet<string>,
): VolumeTask[] {
  const made = new Map(volumes.map((volume) => [volume.metadata?.name, volume]));
  const forClaims = claims.flatMap((claim): VolumeTask[] => {
    const { metadata, spec } = claim;
    const volume = made.get(spec?.volumeName ?? volumeName(claim));
    if (!volume) {
      const node = metadata?.annotations?.[annotations.node] ?? "";
      const isDue = metadata?.annotations?.[annotations.provisioner] === provisioner && !spec?.volumeName;
      return isDue && nodes.has(node) && !metadata.deletionTimestamp ? [{ kind: "make", node, claim }] : [];
    }
    const node = nodeOf(volume);
    if (!node || claim.status?.phase !== "Bound") return [];
    return requested(claim) > sizeOf(claim.status.capacity) ? [{ kind: "grow", node, claim, volume }] : [];
  });
  const toRemove = volumes.flatMap((volume): VolumeTask[] => {
    const node = nodeOf(volume);
    const isOver = volume.status?.phase === "Released" && volume.spec?.persistentVolumeReclaimPolicy === "Delete";
    return node && isOver ? [{ kind: "remove", node, volume }] : [];
  });
  return [...forClaims, ...toRemove];
}

/** The name that provisioners give: it never comes again, so what is left of a claim cannot be taken for another's. */
export const volumeName = ({ metadata }: V1PersistentVolumeClaim): string => `pvc-${metadata?.uid}`;

/** In bytes. */
export const requested = ({ spec }: V1PersistentVolumeClaim): bigint => sizeOf(spec?.resources?.requests);

const sizeOf = (amounts: Readonly<Record<string, string>> | undefined): bigint =>
  BigInt(quantityToScalar(amounts?.["storage"] ?? "0"));

/** The node of a volume that we made. */
function nodeOf({ metadata, spec }: V1PersistentVolume): string | undefined {
  if (metadata?.annotations?.[annotations.provisionedBy] !== provisioner) return undefined;
  return spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values?.[0];
}

/**
 * The volume of a claim; the cluster's own controller binds the two.
 * @throws for what a disk of one node cannot be.
 */
export function volumeFor(
  claim: V1PersistentVolumeClaim,
  node: string,
  storageClass: V1StorageClass,
): V1PersistentVolume {
  const { metadata, spec } = claim;
  const name = volumeName(claim);
  const modes = spec?.accessModes ?? [];
  const shared = modes.filter((mode) => !mode.startsWith("ReadWriteOnce"));
  const isFileSystem = (spec?.volumeMode ?? "Filesystem") === "Filesystem";
  if (shared.length > 0 || !isFileSystem) {
    const wish = isFileSystem ? shared.join(" and ") : `volumeMode ${spec?.volumeMode}`;
    throw new Error(
      `${metadata?.namespace}/${metadata?.name}: volumes of real nodes are file systems for one node, not ${wish}`,
    );
  }
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, annotations: { [annotations.provisionedBy]: provisioner } },
    spec: {
      accessModes: modes,
      capacity: { storage: spec?.resources?.requests?.["storage"] ?? "" },
      volumeMode: "Filesystem",
      storageClassName: spec?.storageClassName ?? "",
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? "Delete",
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        namespace: metadata?.namespace ?? "",
        name: metadata?.name ?? "",
        uid: metadata?.uid ?? "",
      },
      local: { path: volumePath(name) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] },
          ],
        },
      },
    },
  };
}

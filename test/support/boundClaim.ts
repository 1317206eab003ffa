import { CoreV1Api } from "@kubernetes/client-node";
import { eventually, type TestCluster } from "./cluster.ts";

export interface BoundClaim {
  readonly name: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  /** @default none */
  readonly storageClassName?: string;
}

/** A volume without contents and the claim that has it, bound by the real controller. The volume belongs to no namespace: `removeVolume` takes it away. */
export async function addClaim({ config }: TestCluster, namespace: string, claim: BoundClaim): Promise<void> {
  const { name, labels = {}, annotations = {}, storageClassName = "" } = claim;
  const core = config.makeApiClient(CoreV1Api);
  const volumeName = `${namespace}-${name}`;
  const shape = { accessModes: ["ReadWriteOnce"], storageClassName };
  await core.createPersistentVolume({
    body: {
      metadata: { name: volumeName },
      spec: { ...shape, capacity: { storage: "2Gi" }, hostPath: { path: "/nowhere" }, claimRef: { name, namespace } },
    },
  });
  await core.createNamespacedPersistentVolumeClaim({
    namespace,
    body: {
      metadata: { name, labels, annotations },
      spec: { ...shape, volumeName, resources: { requests: { storage: "1Gi" } } },
    },
  });
  await eventually(
    () => core.readNamespacedPersistentVolumeClaim({ name, namespace }),
    ({ status }) => status?.phase === "Bound",
  );
}

export async function removeVolume({ config }: TestCluster, namespace: string, claim: string): Promise<void> {
  await config.makeApiClient(CoreV1Api).deletePersistentVolume({ name: `${namespace}-${claim}` });
}

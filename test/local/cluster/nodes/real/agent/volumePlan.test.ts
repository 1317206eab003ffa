import type { V1PersistentVolume, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { volumeFor, volumeTasks } from "../../../../../../local/cluster/nodes/real/agent/volumePlan.ts";

const nodes = new Set(["server-a1"]);
const due = {
  "volume.kubernetes.io/storage-provisioner": "dify-ha.local/volumes",
  "volume.kubernetes.io/selected-node": "server-a1",
};

function claim(
  annotations: Record<string, string> = due,
  more: Partial<V1PersistentVolumeClaim> = {},
): V1PersistentVolumeClaim {
  return {
    metadata: { name: "data", namespace: "dify-data", uid: "1", annotations },
    spec: { accessModes: ["ReadWriteOnce"], storageClassName: "standard", resources: { requests: { storage: "2Gi" } } },
    ...more,
  };
}

function volume(phase: string, reclaimPolicy = "Delete"): V1PersistentVolume {
  const made = volumeFor(claim(), "server-a1", { provisioner: "dify-ha.local/volumes", reclaimPolicy });
  return { ...made, status: { phase } };
}

const bound = (requested: string, capacity: string) => {
  const spec = { ...claim().spec, volumeName: "pvc-1", resources: { requests: { storage: requested } } };
  return claim(due, { spec, status: { phase: "Bound", capacity: { storage: capacity } } });
};
const kinds = (claims: V1PersistentVolumeClaim[], volumes: V1PersistentVolume[]) =>
  volumeTasks(claims, volumes, nodes).map(({ kind, node }) => `${kind} on ${node}`);

describe("a claim", () => {
  it("gets a volume on the node that its first pod was given", () =>
    expect(kinds([claim()], [])).toEqual(["make on server-a1"]));

  it.each([
    ["is not due", claim({})],
    ["goes to a node of somebody else's", claim({ ...due, "volume.kubernetes.io/selected-node": "node-a1" })],
    ["is of another provisioner", claim({ ...due, "volume.kubernetes.io/storage-provisioner": "ebs.csi.aws.com" })],
    ["is being deleted", { ...claim(), metadata: { ...claim().metadata, deletionTimestamp: new Date() } }],
    ["has a volume", claim(due, { spec: { ...claim().spec, volumeName: "other" } })],
  ])("gets none when it %s", (_, unserved) => expect(kinds([unserved], [])).toEqual([]));

  it("whose volume is made already only waits to be bound", () =>
    expect(kinds([claim()], [volume("Available")])).toEqual([]));

  it("that asks for more than it has grows", () => {
    expect(kinds([bound("4Gi", "2Gi")], [volume("Bound")])).toEqual(["grow on server-a1"]);
    expect(kinds([bound("2048Mi", "2Gi")], [volume("Bound")])).toEqual([]);
  });
});

describe("a volume that nobody claims any more", () => {
  it("is removed, unless it is to be retained", () => {
    expect(kinds([], [volume("Released")])).toEqual(["remove on server-a1"]);
    expect(kinds([], [volume("Released", "Retain")])).toEqual([]);
    expect(kinds([], [volume("Bound")])).toEqual([]);
  });

  it("is left alone when somebody else made it", () => {
    const foreign = { ...volume("Released"), metadata: { name: "pvc-1" } };
    expect(kinds([], [foreign])).toEqual([]);
  });
});

describe("the volume that is recorded", () => {
  it("belongs to its claim, to its node and to its class", () => {
    const made = volumeFor(claim(), "server-a1", { provisioner: "dify-ha.local/volumes", reclaimPolicy: "Retain" });
    expect(made.metadata?.name).toBe("pvc-1");
    expect(made.spec).toMatchObject({
      capacity: { storage: "2Gi" },
      claimRef: { namespace: "dify-data", name: "data", uid: "1" },
      persistentVolumeReclaimPolicy: "Retain",
      local: { path: "/var/lib/dify-ha/volumes/pvc-1" },
    });
    expect(JSON.stringify(made.spec?.nodeAffinity)).toContain("server-a1");
  });

  it.each([
    ["several nodes", { accessModes: ["ReadWriteMany"] }, "not ReadWriteMany"],
    ["a raw disk", { volumeMode: "Block" }, "not volumeMode Block"],
  ])("is refused for %s", (_, spec, message) => {
    const wish = claim(due, { spec: { ...claim().spec, ...spec } });
    expect(() => volumeFor(wish, "server-a1", { provisioner: "dify-ha.local/volumes" })).toThrow(message);
  });
});

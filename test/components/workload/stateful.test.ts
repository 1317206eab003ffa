import { backupKeys } from "../../../components/workload/backupKeys.ts";
import { describe, expect, it } from "vitest";
import { StatefulWorkload, type StatefulWorkloadArgs } from "../../../components/workload/stateful.ts";
import { clusterSettings } from "../../../config/cluster.ts";
import { at, declare, find } from "../../support/mocks.ts";

const args: StatefulWorkloadArgs = {
  cluster: clusterSettings.parse({ storageClass: "fast" }),
  namespace: "dify-data",
  replicas: 3,
  ports: { redis: 6379 },
  claims: { data: "20Gi" },
  backup: "redis-rdb",
  runAs: { user: 999, group: 999 },
  containers: [{ name: "redis", image: "redis:8.0.2", resources: { cpu: "100m", memory: "1Gi" } }],
};
const declared = declare(() => new StatefulWorkload("redis", args));

describe("a stateful workload", () => {
  it("puts each member on a host of its own, evenly over the zones", async () => {
    const spec = at(find(await declared, "StatefulSet", "redis").inputs, "spec.template.spec");
    expect(at(spec, "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.topologyKey")).toBe(
      "kubernetes.io/hostname",
    );
    expect(at(spec, "topologySpreadConstraints.0")).toMatchObject({
      topologyKey: "topology.kubernetes.io/zone",
      maxSkew: 1,
      whenUnsatisfiable: "DoNotSchedule",
    });
  });

  it("keeps its volumes whatever happens to it", async () => {
    const { inputs } = find(await declared, "StatefulSet", "redis");
    expect(at(inputs, "spec.persistentVolumeClaimRetentionPolicy")).toEqual({
      whenDeleted: "Retain",
      whenScaled: "Retain",
    });
    expect(at(inputs, "spec.volumeClaimTemplates.0.spec")).toMatchObject({
      storageClassName: "fast",
      resources: { requests: { storage: "20Gi" } },
    });
  });

  it("says how its data comes back", async () =>
    expect(at(find(await declared, "StatefulSet", "redis").inputs, "metadata.annotations")).toEqual({
      [backupKeys.method]: "redis-rdb",
    }));

  it("lets peers find a member before it is ready", async () =>
    expect(find(await declared, "Service", "redis").inputs["spec"]).toMatchObject({
      clusterIP: "None",
      publishNotReadyAddresses: true,
    }));

  it("gives up no member to a drain while another is missing", async () =>
    expect(find(await declared, "PodDisruptionBudget", "redis").inputs["spec"]).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "IfHealthyBudget",
    }));

  it("is evicted after what only serves", async () =>
    expect(at(find(await declared, "StatefulSet", "redis").inputs, "spec.template.spec.priorityClassName")).toBe(
      "dify-data",
    ));
});

import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { StatelessWorkload, type StatelessWorkloadArgs } from "../../../components/workload/stateless.ts";
import { checksumAnnotation } from "../../../components/workload/checksum.ts";
import { clusterSettings } from "../../../config/cluster.ts";
import { at, declare, find, type Declared } from "../../support/mocks.ts";

const args: StatelessWorkloadArgs = {
  cluster: clusterSettings.parse({}),
  namespace: "dify",
  replicas: 3,
  ports: { http: 5001 },
  runAs: { user: 1001, group: 1001 },
  containers: [
    { name: "api", image: "example/api:1", resources: { cpu: "500m", memory: "2Gi" }, writable: ["/tmp", "/app/logs"] },
  ],
};
const deploy = (changes: Partial<StatelessWorkloadArgs> = {}) =>
  declare(() => new StatelessWorkload("api", { ...args, ...changes }));
const deployment = (resources: readonly Declared[]) => find(resources, "Deployment", "api").inputs;

describe("a stateless workload", () => {
  it("runs as an ordinary user who may change nothing", async () => {
    const spec = at(deployment(await deploy()), "spec.template.spec");
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1001, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            readOnlyRootFilesystem: true,
          },
        },
      ],
    });
  });

  it("gives up on a name server that is gone after two seconds, and asks for whole names at once", async () => {
    const { options } = at(
      deployment(await deploy()),
      "spec.template.spec.dnsConfig",
    ) as k8s.types.output.core.v1.PodDNSConfig;
    expect(Object.fromEntries(options.map(({ name, value }) => [name, value]))).toEqual({
      ndots: "2",
      timeout: "1",
      attempts: "2",
    });
  });

  it("writes only where it says", async () => {
    const spec = at(deployment(await deploy()), "spec.template.spec") as k8s.types.output.core.v1.PodSpec;
    expect(spec.volumes).toEqual([
      { name: "api-tmp", emptyDir: {} },
      { name: "api-app-logs", emptyDir: {} },
    ]);
    expect(spec.containers[0]?.volumeMounts).toEqual([
      { name: "api-tmp", mountPath: "/tmp" },
      { name: "api-app-logs", mountPath: "/app/logs" },
    ]);
  });

  it("is limited in memory, not in processor time", async () => {
    expect(at(deployment(await deploy()), "spec.template.spec.containers.0.resources")).toEqual({
      requests: { cpu: "500m", memory: "2Gi" },
      limits: { memory: "2Gi" },
    });
  });

  it("spreads over zones, revision by revision, without waiting for a lost zone", async () => {
    expect(at(deployment(await deploy()), "spec.template.spec.topologySpreadConstraints.0")).toMatchObject({
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "DoNotSchedule",
      matchLabelKeys: ["pod-template-hash"],
      nodeTaintsPolicy: "Honor",
    });
  });

  it("loses one pod at a time to a drain, also when that pod is broken", async () => {
    expect(find(await deploy(), "PodDisruptionBudget", "api").inputs["spec"]).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    });
  });

  it("leaves its replicas to the autoscaler that it has", async () => {
    const resources = await deploy({
      replicas: { min: 3, max: 9, cpuPercent: 70, queue: { metric: "celery", perReplica: 10 } },
    });
    expect(at(deployment(resources), "spec.replicas")).toBeUndefined();
    const spec = find(resources, "HorizontalPodAutoscaler", "api").inputs["spec"];
    expect(spec).toMatchObject({ minReplicas: 3, maxReplicas: 9 });
    expect(at(spec, "metrics.1.external.metric.name")).toBe("celery");
  });

  it("as a singleton is never there twice, and has no disruption budget that would block a drain", async () => {
    const resources = await deploy({ replicas: 1, strategy: "Recreate", spread: "none" });
    expect(at(deployment(resources), "spec.strategy")).toEqual({ type: "Recreate" });
    expect(resources.some((r) => r.type.endsWith("PodDisruptionBudget"))).toBe(false);
  });
});

describe("what a workload reads", () => {
  const checksum = async (value: string) => {
    const resources = await declare(() => {
      const secret = new k8s.core.v1.Secret("s", { metadata: { name: "s" }, stringData: { key: value } });
      new StatelessWorkload("api", { ...args, reads: [secret] });
    });
    return at(deployment(resources), "spec.template.metadata.annotations")?.[
      checksumAnnotation as keyof object
    ] as unknown as string;
  };

  it("rolls its pods when it changes, and only then", async () => {
    expect(await checksum("one")).toBe(await checksum("one"));
    expect(await checksum("one")).not.toBe(await checksum("two"));
  });

  it("shows nothing of a secret", async () => expect(await checksum("one")).toMatch(/^[0-9a-f]{32}$/));
});

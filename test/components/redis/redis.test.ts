import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Redis } from "../../../components/redis/redis.ts";
import { clusterSettings } from "../../../config/cluster.ts";
import { redisSettings } from "../../../config/redis.ts";
import { at, declare, find } from "../../support/mocks.ts";

const redis = (given: unknown) =>
  new Redis("redis", {
    cluster: clusterSettings.parse(undefined),
    namespace: "dify-data",
    settings: redisSettings.parse(given),
    credentials: { password: (name) => pulumi.secret(`value-of-${name}`) },
  });

describe("Redis with Sentinel", () => {
  const declared = declare(() => redis(undefined));

  it("announces each member by a Service that outlives its pod", async () => {
    for (const member of ["redis-0", "redis-1", "redis-2"]) {
      const service = find(await declared, "Service", member).inputs;
      expect(at(service, "spec.selector")).toEqual({ "statefulset.kubernetes.io/pod-name": member });
      expect(at(service, "spec.publishNotReadyAddresses")).toBe(true);
      expect(at(service, "spec.clusterIP")).toBeUndefined();
    }
  });

  it("runs a server and a Sentinel in each zone, one at a time to be drained", async () => {
    const servers = find(await declared, "StatefulSet", "redis").inputs;
    expect(at(servers, "spec.replicas")).toBe(3);
    expect((at(servers, "spec.template.spec.containers") as { name: string }[]).map(({ name }) => name)).toEqual([
      "redis",
      "sentinel",
    ]);
    expect(at(servers, "spec.template.spec.topologySpreadConstraints.0.whenUnsatisfiable")).toBe("DoNotSchedule");
    expect(at(find(await declared, "PodDisruptionBudget", "redis").inputs, "spec.maxUnavailable")).toBe(1);
  });

  it("hands over before a pod ends, within the pod's grace", async () => {
    const servers = find(await declared, "StatefulSet", "redis").inputs;
    const server = at(servers, "spec.template.spec.containers.0") as { env: { name: string; value: string }[] };
    expect(at(server, "lifecycle.preStop.exec.command")).toEqual(["/bin/sh", "/scripts/hand-over.sh"]);
    const handOver = Number(server.env.find(({ name }) => name === "HAND_OVER")?.value);
    expect(at(servers, "spec.template.spec.terminationGracePeriodSeconds")).toBeGreaterThan(handOver + 10);
  });

  it("has no password outside of Secrets", async () => {
    const others = (await declared).filter(({ type }) => !type.endsWith(":Secret") && type.startsWith("kubernetes:"));
    expect(JSON.stringify(others.map(({ revealed }) => revealed))).not.toContain("value-of-");
  });

  it("keeps a proxy on each client's node, and rolls them when the password changes", async () => {
    const proxies = find(await declared, "DaemonSet", "redis-haproxy").inputs;
    expect(at(proxies, "spec.updateStrategy.rollingUpdate")).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    expect(at(proxies, "spec.template.metadata.annotations")).toHaveProperty("dify-ha/configuration-checksum");
    const service = find(await declared, "Service", "redis-haproxy").inputs;
    expect(at(service, "spec.trafficDistribution")).toBe("PreferSameNode");
    expect(at(service, "spec.selector")).toEqual({ "app.kubernetes.io/name": "redis-haproxy" });
  });

  it("tells clients of one address that follows the master", async () => {
    let connection: Redis["connection"] | undefined;
    await declare(() => {
      connection = redis(undefined).connection;
    });
    expect(connection).toMatchObject({ port: 6379, tls: false });
    expect(connection?.ready).not.toEqual([]);
  });
});

describe("an external Redis", () => {
  it("is used as it is: nothing is made", async () => {
    let connection: Redis["connection"] | undefined;
    const resources = await declare(() => {
      connection = redis({ backend: "external", host: "redis.example.com", tls: true }).connection;
    });
    expect(resources.filter(({ type }) => type.startsWith("kubernetes:"))).toEqual([]);
    expect(connection).toMatchObject({ port: 6379, tls: true, ready: [] });
  });
});

import type { V1Pod, V1StatefulSet } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { findInstallation, type Found } from "../../../runbooks/migration/find.ts";

interface Sample {
  readonly path?: string;
  readonly mountPath?: string;
  readonly subPath?: string;
  readonly replicas?: number;
}

function set(
  name: string,
  { path = "/data/dify", mountPath = "/app/api/storage", subPath, replicas = 1 }: Sample = {},
): V1StatefulSet {
  const mount = { name: "storage", mountPath, ...(subPath && { subPath }) };
  return {
    metadata: { name, uid: name },
    spec: {
      serviceName: name,
      replicas,
      selector: {},
      template: {
        spec: {
          containers: [{ name, volumeMounts: [mount] }],
          volumes: [{ name: "storage", hostPath: { path } }],
        },
      },
    },
  };
}

const pod = (owner: string, nodeName: string, path = "/data/dify"): V1Pod => ({
  metadata: {
    name: `${owner}-0`,
    ownerReferences: [{ uid: owner, name: owner, kind: "StatefulSet", apiVersion: "apps/v1" }],
  },
  spec: { nodeName, containers: [], volumes: [{ name: "storage", hostPath: { path } }] },
  status: { phase: "Running" },
});

const found = (sets: V1StatefulSet[], rest: Partial<Found> = {}): Found => ({
  sets,
  pods: [],
  claims: [],
  volumes: [],
  deployments: [],
  ...rest,
});

/** A StatefulSet whose storage is a claim of its own. */
function withTemplate(changes: object): V1StatefulSet {
  const { metadata, spec } = set("api");
  const claims = { volumeClaimTemplates: [{ metadata: { name: "storage" }, spec: {} }] };
  return { ...(metadata && { metadata }), spec: { ...spec, ...claims, ...changes } as NonNullable<typeof spec> };
}

describe("an old installation", () => {
  it("is found with the node of its pods and the directory that they share", () => {
    const sets = [
      set("api", { subPath: "app" }),
      set("worker", { subPath: "app", replicas: 0 }),
      set("web", { mountPath: "/x" }),
    ];
    const { directories, workloads } = findInstallation(found(sets, { pods: [pod("api", "node-1")] }));
    expect(directories).toEqual([
      {
        role: "files",
        place: "/data/dify/app on node-1",
        volume: { hostPath: { path: "/data/dify", type: "Directory" } },
        subPath: "app",
        node: "node-1",
      },
    ]);
    expect(workloads.map(({ name, replicas }) => [name, replicas])).toEqual([
      ["api", 1],
      ["worker", 0],
    ]);
  });

  it("is found behind a claim of its StatefulSet's own", () => {
    const claims = [{ metadata: { name: "storage-api-0" }, spec: { volumeName: "pv" } }];
    const volumes = [{ metadata: { name: "pv" }, spec: { local: { path: "/mnt/disk" } } }];
    const { directories } = findInstallation(
      found([withTemplate({})], { claims, volumes, pods: [pod("api", "node-2")] }),
    );
    expect(directories[0]).toMatchObject({
      place: "claim storage-api-0, /mnt/disk on node-2",
      volume: { persistentVolumeClaim: { claimName: "storage-api-0" } },
    });
  });

  it("leaves out what the plugin daemon builds anew", () => {
    const sets = [set("plugin-daemon", { mountPath: "/app/storage/", path: "/data/plugins" })];
    expect(findInstallation(found(sets), "node-1").directories[0]).toMatchObject({
      role: "plugins",
      exclude: "/cwd/**",
    });
  });

  const two = [set("api"), set("worker")];
  const others = { whenDeleted: "Delete", whenScaled: "Retain" };
  const more = [
    { metadata: { name: "storage" }, spec: {} },
    { metadata: { name: "logs" }, spec: {} },
  ];
  it.each([
    ["nothing of Dify's", found([set("redis", { mountPath: "/data" })]), /No StatefulSet mounts \/app\/api\/storage/],
    ["an unknown node", found(two), /No pod says which node has \/data\/dify: name it by --node/],
    [
      "files on two nodes",
      found(two, { pods: [pod("api", "a"), pod("worker", "b")] }),
      /run on a and b, each with the files/,
    ],
    [
      "two directories",
      found([set("api"), set("worker", { path: "/other" })]),
      /api and worker keep their files in different places/,
    ],
    [
      "another pod with the files",
      found(two, { pods: [pod("api", "a"), pod("backup", "a")] }),
      /Pod backup-0 has the same files/,
    ],
    ["a Deployment of that name", found(two, { deployments: ["worker"] }), /There is a Deployment worker already/],
    [
      "claims that go with it",
      found([withTemplate({ persistentVolumeClaimRetentionPolicy: others })]),
      /would delete its claims/,
    ],
    [
      "claims besides",
      found([withTemplate({ volumeClaimTemplates: more })]),
      /has claims besides its storage \(logs\)/,
    ],
    ["files of each pod", found([withTemplate({ replicas: 2 })]), /has 2 pods, each with files of its own/],
    ["a claim that is not there", found([withTemplate({})]), /Claim storage-api-0 of api is not there/],
  ])("with %s is refused", (_, sample, message) => expect(() => findInstallation(sample)).toThrow(message));
});

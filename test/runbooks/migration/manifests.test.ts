import type { V1StatefulSet } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { carrierJob, deploymentOf } from "../../../runbooks/migration/manifests.ts";
import type { Directory, State } from "../../../runbooks/migration/state.ts";
import { possible, refuseOutOfTurn } from "../../../runbooks/migration/state.ts";
import { storageSettings, targetOf } from "../../../runbooks/migration/target.ts";

const target = targetOf(
  {
    endpoint: "https://objects.test:9000",
    authority: "-----BEGIN CERTIFICATE-----\n",
    filesBucket: "files",
    filesAccessKey: "access-of-files",
    filesSecretKey: "secret-of-files",
    pluginsBucket: "plugins",
    pluginsAccessKey: "access-of-plugins",
    pluginsSecretKey: "secret-of-plugins",
    archiveBucket: "backups",
    archiveAccessKey: "access-of-archive",
    archiveSecretKey: "secret-of-archive",
  },
  ["files", "plugins"],
  "the test",
);

const set: V1StatefulSet = {
  metadata: { name: "api", labels: { app: "api" } },
  spec: {
    serviceName: "api",
    replicas: 2,
    selector: { matchLabels: { app: "api" } },
    template: {
      metadata: { labels: { app: "api" } },
      spec: {
        containers: [
          {
            name: "api",
            image: "dify-api:1.3.0",
            envFrom: [{ configMapRef: { name: "settings" } }],
            env: [
              { name: "STORAGE_TYPE", value: "local" },
              { name: "MILVUS_URI", value: "http://milvus:19530" },
            ],
            volumeMounts: [{ name: "storage", mountPath: "/app/api/storage" }],
          },
          { name: "beside", image: "none" },
        ],
        volumes: [
          { name: "storage", hostPath: { path: "/data" } },
          { name: "logs", emptyDir: {} },
        ],
      },
    },
  },
};
const workload = { name: "api", role: "files", replicas: 2, volume: "storage" } as const;

describe("the Deployment in place of a StatefulSet", () => {
  const { spec } = deploymentOf(set, workload, storageSettings(target, "files"), true);
  const [api, beside] = spec?.template.spec?.containers ?? [];

  it("has the same pods, found by the same labels", () => {
    expect(spec?.replicas).toBe(2);
    expect(spec?.selector).toEqual(set.spec?.selector);
    expect(spec?.template.metadata).toEqual(set.spec?.template.metadata);
    expect(beside).toEqual({ name: "beside", image: "none" });
  });

  it("reads the storage settings last, and sets none of them itself", () => {
    expect(api?.envFrom?.map((source) => source.configMapRef?.name ?? source.secretRef?.name)).toEqual([
      "settings",
      "dify-storage-files",
      "dify-storage-files",
    ]);
    expect(api?.env).toEqual([{ name: "MILVUS_URI", value: "http://milvus:19530" }]);
  });

  it("has the directory no more", () => {
    expect(spec?.template.spec?.volumes).toEqual([
      { name: "logs", emptyDir: {} },
      { name: "storage", emptyDir: {} },
      { name: "dify-storage-authority", configMap: { name: "dify-storage-authority" } },
    ]);
  });

  it("runs one plugin daemon at a time", () =>
    expect(
      deploymentOf(set, { ...workload, role: "plugins" }, storageSettings(target, "plugins"), false).spec?.strategy,
    ).toEqual({
      type: "Recreate",
    }));
});

describe("storage settings", () => {
  it("of the API are those of S3, with the keys apart", () => {
    const { plain, secret } = storageSettings(target, "files");
    expect(plain).toMatchObject({ STORAGE_TYPE: "s3", S3_ADDRESS_STYLE: "path", S3_USE_AWS_MANAGED_IAM: "false" });
    expect(secret).toEqual({ S3_ACCESS_KEY: "access-of-files", S3_SECRET_KEY: "secret-of-files" });
  });

  it("of the plugin daemon have its own names", () => {
    const { plain, secret } = storageSettings(target, "plugins");
    expect(plain).toMatchObject({
      PLUGIN_STORAGE_TYPE: "aws_s3",
      PLUGIN_STORAGE_OSS_BUCKET: "plugins",
      S3_USE_AWS: "false",
    });
    expect(secret).toEqual({ AWS_ACCESS_KEY: "access-of-plugins", AWS_SECRET_KEY: "secret-of-plugins" });
  });

  it("say what is wrong with the target", () =>
    expect(() => targetOf({ endpoint: "minio" }, ["files"], "Secret t in n")).toThrow(
      /^Secret t in n is wrong: endpoint: must be a URL such as .*; filesBucket: /,
    ));
});

describe("a Job that carries files", () => {
  const directory: Directory = { role: "files", place: "", volume: { hostPath: { path: "/data" } }, node: "node-1" };
  const state: State = {
    version: 1,
    phase: "cut-over",
    id: "20261122T000000Z",
    target: "migration-target",
    image: "rclone/rclone:1.71.2",
    directories: [directory],
    workloads: [workload],
    archives: {},
    filled: true,
    cut: "2026-11-22T02:00:00.000Z",
    served: true,
  };
  const containerOf = (action: "copy" | "back") =>
    carrierJob(action, directory, state, target).spec?.template.spec?.containers[0];

  it("runs on the node of the directory", () =>
    expect(JSON.stringify(carrierJob("copy", directory, state, target).spec?.template.spec?.affinity)).toContain(
      '"key":"metadata.name","operator":"In","values":["node-1"]',
    ));

  it("can write the directory only to bring something back", () => {
    const readOnly = (action: "copy" | "back") =>
      containerOf(action)?.volumeMounts?.find(({ name }) => name === "source")?.readOnly;
    expect(readOnly("copy")).toBe(true);
    expect(readOnly("back")).toBe(false);
  });

  it("has no key in its manifest", () =>
    expect(JSON.stringify(carrierJob("copy", directory, state, target))).not.toMatch(/(access|secret)-of-/));

  it("takes what was written a minute before the cut as written since", () =>
    expect(containerOf("back")?.env).toContainEqual({ name: "SINCE", value: "2026-11-22T01:59:00.000Z" }));
});

describe("the order of commands", () => {
  it.each([
    [undefined, ["prepare"]],
    ["preparing", ["prepare"]],
    ["copied", ["prepare", "copy", "cut-over"]],
    ["cutting-over", ["cut-over", "roll-back"]],
    ["verified", ["verify", "roll-back", "finish"]],
    ["rolling-back", ["roll-back"]],
    ["rolled-back", ["prepare"]],
    ["finished", []],
  ] as const)("where it is %s allows %o", (phase, commands) => expect(possible(phase)).toEqual(commands));

  it("is told to who does not keep it", () =>
    expect(() => refuseOutOfTurn("finish", "cut-over")).toThrow(
      "The migration is cut-over: finish is not possible now, but verify or roll-back.",
    ));
});

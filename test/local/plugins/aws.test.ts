import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PluginProcess, urnOf } from "./pluginProcess.ts";

const bucket = urnOf("aws:s3/bucket:Bucket", "backups");
const policy = urnOf("aws:s3/bucketPolicy:BucketPolicy", "backups");

let plugin: PluginProcess;
beforeAll(async () => {
  plugin = await PluginProcess.start("aws", { region: "eu-central-1" });
}, 30_000);
afterAll(() => plugin.stop());

describe("the AWS plugin for previews", () => {
  it("shows what is asked for, and leaves open what AWS computes", async () => {
    const inputs = await plugin.check(bucket, { bucket: "backups", objectLockEnabled: true });
    expect((await plugin.create(bucket, inputs, { preview: true })).state).toEqual(inputs);
  });

  it("refuses a policy that is no JSON", async () => {
    await expect(plugin.check(policy, { bucket: "backups", policy: "{" })).rejects.toThrow("policy: is no JSON");
    await plugin.check(policy, { bucket: "backups", policy: "{}" });
  });

  it("tells what differs, and that another name is another bucket", async () => {
    const old = { id: "backups", inputs: { bucket: "backups", tags: { a: "1" } }, state: { bucket: "backups" } };
    expect(await plugin.diff(bucket, old, { bucket: "backups", tags: { a: "2" } })).toMatchObject({
      details: { "tags.a": "UPDATE" },
      replaces: [],
    });
    expect((await plugin.diff(bucket, old, { bucket: "other", tags: { a: "1" } })).replaces).toEqual(["bucket"]);
    expect((await plugin.diff(bucket, old, old.inputs)).changed).toBe(false);
  });

  it("makes, changes, reads and deletes nothing", async () => {
    const made = { id: "backups", inputs: { bucket: "backups" }, state: { bucket: "backups" } };
    await expect(plugin.create(bucket, made.inputs)).rejects.toThrow("only previews");
    await expect(plugin.update(bucket, made, made.inputs)).rejects.toThrow("only previews");
    await expect(plugin.read(bucket, made)).rejects.toThrow("only previews");
    await expect(plugin.delete(bucket, made)).rejects.toThrow("only previews");
  });
});

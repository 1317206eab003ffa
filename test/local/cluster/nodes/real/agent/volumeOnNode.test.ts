import { execa } from "execa";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { growVolume, makeVolume, removeVolume } from "../../../../../../local/cluster/nodes/real/agent/volumeOnNode.ts";
import { eventually } from "../../../../../support/cluster.ts";
import { usesDebian } from "../../../../../support/debian.ts";
import { BareNode } from "./bareNode.ts";

vi.setConfig({ testTimeout: 60_000 });
usesDebian();

const mebibyte = 1024n * 1024n;
const path = "/var/lib/dify-ha/volumes/pvc-1";

/** capabilities(7): number 24. */
const hasSysResource =
  (BigInt(`0x${/CapEff:\t(\w+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]}`) >> 24n) % 2n === 1n;

let bare: BareNode;
beforeEach(async () => {
  bare = new BareNode();
  await bare.start();
});
afterEach(() => bare.remove());

const images = () => readdirSync(join(bare.node.folder, "volumes"));
const imageFile = () => join(bare.node.folder, "volumes", "pvc-1.img");
/** Of the mounted file system, in MiB. */
const size = async () => Number(await bare.run("findmnt", "-n", "-b", "-o", "SIZE", path)) / 1024 / 1024;

describe("a volume of a node", () => {
  it("is an empty file system of its size that takes no room yet", async () => {
    await makeVolume(bare.node, "pvc-1", 2048n * mebibyte);
    expect(await size()).toBeGreaterThan(1800);
    expect(await size()).toBeLessThanOrEqual(2048);
    expect(await bare.run("ls", path)).toBe("lost+found");
    expect(statSync(imageFile()).blocks * 512).toBeLessThan(100 * 1024 * 1024);
    // It is full when it is full, whatever room the machine has.
    await expect(bare.run("fallocate", "-l", "3G", `${path}/file`)).rejects.toThrow("No space left");
  });

  it("is mounted once, however often it is asked for, and what a cut off run left is replaced", async () => {
    writeFileSync(`${imageFile()}.new`, "half a file system");
    await makeVolume(bare.node, "pvc-1", 64n * mebibyte);
    await bare.run("touch", `${path}/kept`);
    await makeVolume(bare.node, "pvc-1", 64n * mebibyte);
    expect(images()).toEqual(["pvc-1.img"]);
    expect(await bare.run("ls", path)).toContain("kept");
    expect((await bare.run("findmnt", "-n", path)).split("\n")).toHaveLength(1);
  });

  it("grows with what is in it, and never shrinks", async () => {
    await makeVolume(bare.node, "pvc-1", 64n * mebibyte);
    await bare.run("touch", `${path}/kept`);
    await growVolume(bare.node, "pvc-1", 256n * mebibyte);
    await growVolume(bare.node, "pvc-1", 128n * mebibyte);
    expect(await size()).toBeGreaterThan(200);
    expect(await bare.run("ls", path)).toContain("kept");
  });

  it.skipIf(hasSysResource)(
    "says what it waits for when a pod uses it and the machine lets nobody grow it then",
    async () => {
      await makeVolume(bare.node, "pvc-1", 64n * mebibyte);
      await bare.run("sh", "-c", `mkdir /run/pod; mount --bind ${path} /run/pod`);
      await expect(growVolume(bare.node, "pvc-1", 256n * mebibyte)).rejects.toThrow("it grows when no pod uses it");
      await bare.run("umount", "/run/pod");
      await growVolume(bare.node, "pvc-1", 256n * mebibyte);
      expect(await size()).toBeGreaterThan(200);
    },
  );

  it("goes with all that was in it, and can be removed twice", async () => {
    await makeVolume(bare.node, "pvc-1", 64n * mebibyte);
    await removeVolume(bare.node, "pvc-1");
    await removeVolume(bare.node, "pvc-1");
    expect(images()).toEqual([]);
    expect(await bare.run("ls", "/var/lib/dify-ha/volumes")).toBe("");
  });

  it("outlives a loss of power, which leaves nothing behind on the machine", async () => {
    await makeVolume(bare.node, "pvc-1", 64n * mebibyte);
    await bare.run("sh", "-c", `echo safe >${path}/kept; sync ${path}/kept`);
    await bare.losePower();
    await eventually(
      async () => (await execa("losetup", ["--associated", imageFile()])).stdout,
      (devices) => devices === "",
    );
    await bare.start();
    expect(await bare.run("cat", `${path}/kept`)).toBe("safe");
  });
});

describe("the volumes of a node that is off", () => {
  beforeEach(async () => {
    await makeVolume(bare.node, "pvc-1", 64n * mebibyte);
    await bare.losePower();
  });

  it("have to wait", async () => {
    await expect(makeVolume(bare.node, "pvc-2", 64n * mebibyte)).rejects.toThrow("server-a1 is off");
    await expect(growVolume(bare.node, "pvc-1", 128n * mebibyte)).rejects.toThrow("server-a1 is off");
  });

  it("are removed all the same", async () => {
    await removeVolume(bare.node, "pvc-1");
    expect(images()).toEqual([]);
  });
});

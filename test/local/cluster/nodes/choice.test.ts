import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseNodes } from "../../../../local/cluster/nodes/choice.ts";
import { obstacle, type MachineFacts } from "../../../../local/cluster/nodes/real/possible.ts";

const able: MachineFacts = { platform: "linux", isRoot: true, missingHierarchies: [], missingFeatures: [] };
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "dify-ha-choice-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const existing = (nodes: string) => writeFileSync(join(dir, "cluster.json"), JSON.stringify({ nodes }));

describe("which nodes a cluster gets", () => {
  it("are real ones where the machine allows it", () => {
    expect(chooseNodes(dir, undefined, able)).toMatchObject({ kind: "real" });
  });

  it.each([
    ["another system", { ...able, platform: "darwin" }, "need Linux"],
    ["a user without rights", { ...able, isRoot: false }, "need root"],
    ["a kernel that lacks something", { ...able, missingFeatures: ["network namespaces"] }, "lacks network namespaces"],
    ["other control groups", { ...able, missingHierarchies: ["memory"] }, "version 2 is not supported"],
  ])("are simulated with %s, and one line says why and what is not shown", (_, facts, reason) => {
    expect(obstacle(facts)).toContain(reason);
    const { kind, description } = chooseNodes(dir, undefined, facts);
    expect(kind).toBe("simulated");
    expect(description).toContain(reason);
    expect(description).toContain("failovers are not shown");
    expect(description).not.toContain("\n");
  });

  it("are simulated when asked for", () => {
    expect(chooseNodes(dir, "simulated", able)).toMatchObject({ kind: "simulated" });
  });

  it("stay as the cluster that exists has them", () => {
    existing("simulated");
    expect(chooseNodes(dir, undefined, able)).toMatchObject({ kind: "simulated" });
    expect(() => chooseNodes(dir, "real", able)).toThrow("run make down first");
  });

  it.each([
    ["cloud", able, 'NODES is "cloud": set it to'],
    ["real", { ...able, isRoot: false }, 'NODES is "real", but real nodes need root.'],
  ])("refuses NODES=%s in one line", (wanted, facts, message) => {
    expect(() => chooseNodes(dir, wanted, facts)).toThrow(message);
  });
});

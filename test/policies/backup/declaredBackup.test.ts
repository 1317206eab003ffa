import { describe, expect, it } from "vitest";
import { declaredBackup } from "../../../policies/rules/backup/declaredBackup.ts";

function judge(type: string, annotations: Record<string, string>, spec: Record<string, unknown> = {}) {
  const resource = { type: `kubernetes:${type}`, name: "data", inputs: { metadata: { annotations }, spec } };
  return declaredBackup.judge(resource, [resource]).violations;
}
const claims = { volumeClaimTemplates: [{ metadata: { name: "data" } }] };

describe("volumes name their backup", () => {
  it.each([
    ["a StatefulSet with a backup", "apps/v1:StatefulSet", { "dify-ha/backup": "pgbackrest" }, claims],
    ["a claim with a backup", "core/v1:PersistentVolumeClaim", { "dify-ha/backup": "object-copy" }, {}],
    ["a StatefulSet that stores nothing", "apps/v1:StatefulSet", {}, {}],
    ["a Deployment", "apps/v1:Deployment", {}, {}],
  ])("accepts %s", (_, type, annotations, spec) => expect(judge(type, annotations, spec)).toEqual([]));

  it.each([
    ["a StatefulSet without", "apps/v1:StatefulSet", {}, claims, "names no backup"],
    ["a claim without", "core/v1:PersistentVolumeClaim", {}, {}, "names no backup"],
    ["a backup that nobody makes", "apps/v1:StatefulSet", { "dify-ha/backup": "tape" }, claims, '"tape"'],
  ])("refuses %s", (_, type, annotations, spec, message) =>
    expect(judge(type, annotations, spec)).toEqual([expect.stringContaining(message)]),
  );
});

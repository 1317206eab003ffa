import { describe, expect, it } from "vitest";
import { kindOf } from "../../../policies/read/resource.ts";
import { threeTwoOne } from "../../../policies/rules/backup/copies.ts";
import { declareBackups } from "../../support/backupSample.ts";

describe("volumes whose backup is their snapshots", () => {
  const claim = {
    type: "kubernetes:core/v1:PersistentVolumeClaim",
    name: "data",
    inputs: { metadata: { annotations: { "dify-ha/backup": "volume-snapshot" } } },
  };
  const judged = async (sites: 1 | 2) => {
    const declared = await declareBackups({ sites, backup: { snapshots: { class: "ebs" } } });
    const jobs = declared.filter((resource) => kindOf(resource) === "CronJob");
    return threeTwoOne.judge(claim, [claim, ...jobs]).violations;
  };

  it("have three copies with those at the second site", async () => expect(await judged(2)).toEqual([]));
  it("lack one, and are on one medium, without", async () =>
    expect(await judged(1)).toEqual([expect.stringContaining("2 of 3 copies, 1 of 2 media, 0 of 1 copies off site")]));
});

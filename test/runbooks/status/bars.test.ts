import { describe, expect, it } from "vitest";
import { backupAges } from "../../../components/backup/ages.ts";
import { longestGap } from "../../../config/schedule.ts";
import { barsOf, type BarOutputs } from "../../../runbooks/status/bars.ts";
import { settings } from "../../support/settings.ts";

describe("how old copies may be", () => {
  it("is the longest gap of the schedules together, and what a run may take", () => {
    expect(longestGap("45 3 * * 0", "45 3 * * 1-6")).toBe(24);
    expect(longestGap("0 2 * * *", "30 * * * *")).toBe(1);
    const ages = backupAges(settings());
    expect(ages).toMatchObject({ postgresLogSeconds: 80, postgresBackupHours: 7, redisBackupHours: 7 });
    expect(ages).toMatchObject({ objectsBackupHours: 36, secretsBackupHours: 24.25, postgresDumpHours: 174 });
  });

  it("is said of what the stack backs up, and of nothing else", () => {
    const ages = backupAges(
      settings({
        postgres: { backend: "external", host: "pg.example.com" },
        redis: { backend: "external", host: "redis.example.com" },
      }),
    );
    expect(Object.keys(ages)).toEqual(["objectsBackupHours", "secretsBackupHours"]);
    const offsite = {
      backend: "s3",
      endpoint: "https://far",
      backups: { bucket: "far-backups", accessKey: "far-backups" },
      catalogue: { bucket: "far-catalogue", accessKey: "far-catalogue" },
    };
    const backup = { snapshots: { class: "ebs" } };
    // As long as files may take, and as the second site is told of it.
    const far = { volumeCopyHours: 192, objectsFollowedSeconds: 90 };
    expect(backupAges(settings({ backup, offsite }))).toMatchObject(far);
    expect(backupAges(settings({ backup }))).not.toHaveProperty("volumeCopyHours");
    const edges = {
      sites: [
        { name: "north", claims: ["files"] },
        { name: "south", claims: ["files"] },
      ],
    };
    expect(backupAges(settings({ backup: { edge: edges } }))).toMatchObject({
      edgeBackupHours: 25,
      edgeSites: "north south",
    });
  });
});

describe("the copies that there must be", () => {
  const outputs: BarOutputs = { objectsBackupHours: 36, secretsBackupHours: 24.25, postgresLogSeconds: 80 };
  const yearly = { volumeCopyHours: 192, edgeBackupHours: 25, veleroWeeklyHours: 172 };
  const names = (changes: Partial<BarOutputs>) =>
    barsOf({ ...outputs, ...changes }).map(({ dataSet, site }) => `${dataSet}/${site}`);

  it("lie in the cluster alone without a second site", () =>
    expect(names({})).toEqual(["postgres/cluster", "objects/cluster", "secrets/cluster"]));

  it("lie at both sites with one; those of edges, which are elsewhere themselves, in the cluster", () =>
    expect(names({ offsiteEndpoint: "https://far", objectsFollowedSeconds: 90, ...yearly })).toEqual([
      "postgres/cluster",
      "postgres/offsite",
      "objects/cluster",
      "objects/offsite",
      "followed/offsite",
      "secrets/cluster",
      "secrets/offsite",
      "volumes/offsite",
      "edge/cluster",
      "velero/offsite",
    ]));

  it("are made by jobs, and in time", () => {
    const [log] = barsOf(outputs);
    expect(log).toEqual({ dataSet: "postgres", site: "cluster", maxAgeSeconds: 80, jobs: ["postgres-check"] });
    const edge = barsOf({ ...outputs, edgeBackupHours: 25, edgeSites: "north south" }).at(-1);
    expect(edge?.jobs).toEqual(["edges-keep", "edge-north", "edge-south"]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PatroniSettings } from "../../../config/postgres.ts";
import { assumed, measured } from "../../../docs/growth/assumptions.ts";
import { byLog, bySize, heldInCluster, heldOffsite, reaches, restoreSeconds } from "../../../docs/growth/backups.ts";
import { bandwidth, figure, size, time } from "../../../docs/growth/limit.ts";
import { connections, dataRoom, largest } from "../../../docs/growth/postgres.ts";
import { difyRoom, processLimits } from "../../../docs/growth/processes.ts";
import { roundTrip } from "../../../docs/growth/steps.ts";
import { firstCopy, usableBytes } from "../../../docs/growth/stores.ts";
import { settings } from "../../support/settings.ts";

const scaled = (max: number) => ({ dify: { api: { replicas: { min: 2, max } } } });

describe("connections", () => {
  const of = (sections = {}) => {
    const all = settings(sections);
    return connections(all.postgres as PatroniSettings, all);
  };

  it("are enough for as many further pods as it says, and the settings are refused with one more", () => {
    const { furtherPods } = of(scaled(3));
    expect(furtherPods).toBeGreaterThan(0);
    expect(() => settings(scaled(3 + furtherPods))).not.toThrow();
    expect(() => settings(scaled(3 + furtherPods + 1))).toThrow("postgres.pooler.resources.memory");
  });

  it("fit into a member's memory up to what it says, and the settings are refused with one more", () => {
    const { byMemory } = of();
    expect(() => settings({ postgres: { maxConnections: byMemory } })).not.toThrow();
    expect(() => settings({ postgres: { maxConnections: byMemory + 1 } })).toThrow("postgres.resources.memory");
  });

  it("of the pools are those of all poolers", () =>
    expect(of({ postgres: { maxConnections: 400, pooler: { replicas: 3, pools: { dify: 20 } } } }).transactions).toBe(
      60,
    ));
});

describe("pods", () => {
  it("grow between the bounds of the autoscaler", () => {
    const [least, most] = (["least", "most"] as const).map((bound) => difyRoom(settings(scaled(7)), bound));
    expect((most?.pods ?? 0) - (least?.pods ?? 0)).toBe(5);
    expect((most?.cores ?? 0) - (least?.cores ?? 0)).toBeCloseTo(5 * 0.5);
    expect((most?.memory ?? 0) - (least?.memory ?? 0)).toBe(5 * 2 * 2 ** 30);
  });

  it("that are left when a zone is lost carry their share", () =>
    expect(processLimits(settings(scaled(7)), assumed())[0]?.met).toMatch(/^1 400 streams; 800 while a zone is lost/));

  it("of a fixed number are told to get bounds", () =>
    expect(processLimits(settings(), assumed())[0]?.next).toContain("give `dify.api.replicas` bounds"));
});

describe("space", () => {
  it("of MinIO is what erasure coding leaves", () => {
    const { objectStore } = settings({ objectStore: { driveSize: "300Gi" } });
    if (objectStore.backend !== "minio") throw new Error("not MinIO");
    // Twelve drives in a set, four of parity.
    expect(usableBytes(objectStore, 3)).toBe(12 * 300 * 2 ** 30 * (8 / 12));
  });

  it("of a member is the data's where the log leaves it", () =>
    expect(dataRoom({ storage: "100Gi" })).toBeCloseTo(45 * 2 ** 30));

  it("for backups is what two months of them take: of retention, then of the bucket", () => {
    const { stored, logMB } = assumed();
    const days = 60;
    const each = 1e12;
    const { total, current } = heldInCluster(settings(), assumed(), each);
    expect(total).toBeCloseTo(each * (61 * stored + days * measured.storedIncremental) + days * 86_400e6 * logMB, -3);
    expect(current).toBeLessThan(total);
  });

  it("is less with fewer full backups, and shorter locks", () => {
    const total = (sections: Record<string, unknown>) => heldInCluster(settings(sections), assumed(), 1e12).total;
    const daily = total({});
    expect(total({ backup: { postgres: { full: "0 2 * * 0" } } })).toBeLessThan(daily / 2);
    expect(
      total({ postgres: { archive: { retentionDays: 7 } }, objectStore: { retention: { backupDays: 7 } } }),
    ).toBeLessThan(daily / 3);
  });

  it("off site counts the weekly backups there", () => {
    const { stored } = assumed();
    const none = heldOffsite(settings(), assumed({ logMB: 0 }), 1e12);
    expect(none.total / 1e12).toBeCloseTo(6 * stored + 30 * measured.storedIncremental);
  });
});

describe("times", () => {
  const site = { gigabits: 10, logHours: 1 };

  it("of a restore are those of the bench for its database, where neither volume nor line is slower", () => {
    const fast = assumed({ volumeMB: 1e6, networkGbit: 1e3, logMB: 0 });
    expect(restoreSeconds({ ...site, gigabits: 1e3 }, fast, 1.45e9)).toBeCloseTo(40.6 - 9.5 - 7.8);
  });

  it("of a restore are the volume's, the line's, or the log's where these are slower", () => {
    const rest = (seconds: number) => seconds - measured.restoreRest;
    expect(rest(restoreSeconds(site, assumed({ volumeMB: 100, logMB: 0 }), 1e12))).toBeCloseTo(10_000);
    expect(rest(restoreSeconds({ ...site, gigabits: 0.08 }, assumed({ stored: 0.5, logMB: 0 }), 1e12))).toBeCloseTo(
      50_000,
    );
    expect(rest(restoreSeconds(site, assumed({ logMB: 10, replay: 20 }), 0))).toBeCloseTo(1800);
  });

  it("reach their limit where it says", () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.double({ min: 1e-9, max: 1, noNaN: true }),
        (none, slope) => {
          const of = (data: number) => none + slope * data;
          expect(of(reaches(of, 100)) / 100).toBeCloseTo(1, 3);
        },
      ),
    ));

  it("that are beyond the limit are marked, and no others", () => {
    const rows = bySize(settings({ postgres: { storage: "3Ti" } }), assumed(), 1e12);
    const full = rows.find(({ what }) => what.startsWith("Full base backup into"));
    expect(full?.figures.map((cell) => cell.endsWith("(over)"))).toEqual([false, false, true]);
    expect(full?.most).toBe("2.8 TB: it ends within 6 h");
    const volume = rows.find(({ what }) => what.startsWith("Volume of each member"));
    expect(volume?.figures.map((cell) => cell.endsWith("(over)"))).toEqual([false, false, true]);
  });

  it("for which the archive may be away are half of the volume's log", () => {
    const rows = byLog(settings({ postgres: { storage: "100Gi" } }), assumed());
    const away = rows.find(({ what }) => what.startsWith("The archive may be away"));
    expect(away?.figures[2]).toBe(time((50 * 2 ** 30) / 10e6));
  });

  it("of light are a lower bound", () => expect(roundTrip({ distanceKm: 1000 })).toBe(10));

  it("let a copy carry what line and setting allow", () => {
    const { objects } = settings({ backup: { objects: { bandwidth: "10M", deadline: 10 } } }).backup;
    expect(firstCopy(objects, { uplinkGbit: 1 })).toBe(10 * 2 ** 20 * 36_000);
    expect(firstCopy({ ...objects, bandwidth: "off" }, { uplinkGbit: 1 })).toBe(125e6 * 36_000);
  });
});

describe("figures", () => {
  it("are written as people read them", () => {
    expect([0.126, 1.25, 12.4, 12_345].map(figure)).toEqual(["0.13", "1.3", "12", "12 345"]);
    expect([5e6, 1.2e9, 4.29e12].map(size)).toEqual(["5 MB", "1.2 GB", "4.3 TB"]);
    expect([90, 600, 9000, 200_000].map(time)).toEqual(["90 s", "10 min", "2.5 h", "2.3 days"]);
    expect([1e6, 2e9].map(bandwidth)).toEqual(["8 Mbit/s", "16 Gbit/s"]);
  });

  it("find the largest that fits", () => {
    expect(largest((n) => n <= 77)).toBe(77);
    expect(largest(() => false)).toBe(-1);
  });
});

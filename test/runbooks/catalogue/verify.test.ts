import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BackupRecord } from "../../../runbooks/catalogue/record.ts";
import {
  checksOf,
  copyProblems,
  lacksMajority,
  type BackupStore,
  type Problem,
} from "../../../runbooks/catalogue/verify.ts";
import { usesDebian } from "../../support/debian.ts";
import { startSites, type Sites } from "../sites.ts";
import { recordAt } from "./sample.ts";

usesDebian();

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const manifest = "files/a v1 10 etag\n";
const dump = "REDIS0011".repeat(1000);
const postgresBackups = "pgbackrest/backup/dify";
const full = "20261122-010000F";
const increment = `${full}_20261122-020000I`;

const sample = recordAt("2026-11-22T02:00:00Z");
const record: BackupRecord = {
  ...sample,
  postgres: { ...sample.postgres, backups: [increment] },
  buckets: [
    { bucket: "dify-files", count: 1, bytes: 10, checksum: sha256(manifest), manifest: "manifests/dify-files" },
  ],
  redis: { object: "redis/dump.rdb", bytes: dump.length, checksum: sha256(dump) },
};

describe("what a record names, in a real bucket", { timeout: 60_000 }, () => {
  let sites: Sites;
  let store: BackupStore;
  beforeAll(async () => {
    sites = await startSites(["backups"]);
    store = { bucket: sites.bucket("backups"), postgresBackups };
  }, 60_000);
  afterAll(() => sites.stop());
  beforeEach(async () => {
    await sites.put("backups/manifests/dify-files", manifest);
    await sites.put("backups/redis/dump.rdb", dump);
    for (const label of [full, increment])
      await sites.put(`backups/${postgresBackups}/${label}/backup.manifest`, "sealed");
  });

  async function problems(of = store): Promise<Problem[]> {
    const found = await Promise.all(checksOf(record, of).map((check) => check.run(() => undefined)));
    return found.flat();
  }

  it("is all there", async () => expect(await problems()).toEqual([]));

  it.each<[string, () => Promise<void>, string]>([
    [
      "a manifest with other bytes",
      () => sites.put("backups/manifests/dify-files", manifest.replace("v1", "v2")),
      "manifests/dify-files was changed: its SHA-256 is not the record's",
    ],
    [
      "a manifest that is gone",
      () => sites.remove("backups/manifests/dify-files"),
      "manifests/dify-files is not there",
    ],
    [
      "data of Redis that are cut off",
      () => sites.put("backups/redis/dump.rdb", dump.slice(1)),
      "redis/dump.rdb has 8999 bytes in place of 9000",
    ],
    [
      "data of Redis with other bytes",
      () => sites.put("backups/redis/dump.rdb", dump.replace("R", "r")),
      "redis/dump.rdb was changed",
    ],
    [
      "an increment that is gone",
      () => sites.remove(`backups/${postgresBackups}/${increment}/backup.manifest`),
      `there is no backup ${increment} in ${postgresBackups}`,
    ],
    [
      "a full backup that is gone",
      () => sites.remove(`backups/${postgresBackups}/${full}/backup.manifest`),
      `there is no backup ${full} in ${postgresBackups}`,
    ],
  ])("has %s", async (_, damage, what) => {
    await damage();
    expect(await problems()).toEqual([
      {
        what: expect.stringContaining(what) as string,
        where: "backup bucket backups",
        remedy: expect.stringMatching(/^(bring back|restore from)/) as string,
      },
    ]);
  });

  it("is asked for one by one, even when nothing answers", async () => {
    const found = await problems({ bucket: sites.bucket("not-there"), postgresBackups });
    expect(found.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^Manifest of bucket dify-files could not be looked at: NoSuchBucket/),
      expect.stringMatching(/^Data of Redis could not/),
      expect.stringMatching(/^Backup 20261122-010000F of Postgres could not/),
      expect.stringMatching(/^Backup 20261122-010000F_20261122-020000I of Postgres could not/),
    ]);
  });

  it("is not looked for where Postgres is run elsewhere", () => {
    const { bucket } = store;
    expect(checksOf(record, { bucket, postgresBackups: undefined }).map(({ title }) => title)).toEqual([
      "Manifest of bucket dify-files",
      "Data of Redis",
    ]);
  });
});

describe("copies of a record", () => {
  const outvoted = [{ place: "off-site bucket", problem: "has no copy" }];
  const entry = { id: record.id, record, places: ["catalogue bucket", "cluster"], outvoted };

  it("are told with what to do about them", () =>
    expect(copyProblems(entry)).toEqual([
      {
        what: "has no copy",
        where: "off-site bucket",
        remedy: `write the record there again: npm run backups -- mend ${record.id}`,
      },
    ]));

  it("need a majority of all places, and not only of those that answer", () => {
    expect(lacksMajority(entry)).toBe(false);
    expect(lacksMajority({ ...entry, places: ["cluster"] })).toBe(true);
    expect(lacksMajority({ ...entry, places: ["cluster", "catalogue bucket"], outvoted: [] })).toBe(false);
  });
});

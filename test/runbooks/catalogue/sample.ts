import type { BackupRecord } from "../../../runbooks/catalogue/record.ts";

const checksum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/** A record of a backup at an instant, such as "2026-11-22T02:00:00Z". */
export function recordAt(instant: string, changes: Partial<BackupRecord> = {}): BackupRecord {
  const compact = instant.replaceAll(/[-:]/g, "");
  const label = compact.replace("T", "-").replace("Z", "");
  return {
    version: 1,
    id: `${compact}-3f9c`,
    stack: "prod",
    instant,
    completed: instant,
    pause: 1.2,
    difyVersion: "1.15.0",
    postgres: {
      restorePoint: `dify-${compact}`,
      timeline: 3,
      lsn: "0/A0001C8",
      systemIdentifier: "7440000000000000001",
      backups: [`${label}F`],
      alembicHead: "2026_10_01_0900-abcdef",
    },
    buckets: [{ bucket: "dify-files", count: 2, bytes: 10, checksum, manifest: "manifests/dify-files.txt" }],
    redis: { object: "redis/dump.rdb", bytes: 100, checksum },
    fingerprints: { difySecretKey: checksum },
    ...changes,
  };
}

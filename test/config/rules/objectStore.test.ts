import { describe, expect, it } from "vitest";
import { settings } from "../../support/settings.ts";

const login = (bucket: string) => ({ bucket, accessKey: "AKIA" });

describe("settings of the object store", () => {
  it.each([
    ["two servers a zone", {}],
    ["one server a zone", { servers: 3, drives: 1 }],
    ["one server a zone with two volumes", { servers: 3, drives: 2 }],
    ["uneven zones that still leave a quorum", { servers: 7, drives: 1 }],
  ])("accept %s", (_, objectStore) => expect(() => settings({ objectStore })).not.toThrow());

  it.each([
    ["two of four servers in a zone", { servers: 4, drives: 1 }, "2 are left and a write needs 3"],
    ["drives that have no erasure set", { servers: 17, drives: 1 }, "17 servers with 1 drives have no erasure set"],
    ["too little parity", { parity: 2 }, "no more than 2 may be lost"],
    ["more parity than data", { servers: 3, drives: 1, parity: 2 }, "give at most 1"],
    ["two purposes in a bucket", { buckets: { dify: "one", plugins: "one" } }, "names a bucket twice"],
    ["records that end before backups", { retention: { backupDays: 100 } }, "give at least 100"],
  ])("refuse %s", (_, objectStore, message) => expect(() => settings({ objectStore })).toThrow(message));

  it("say what would be right", () =>
    expect(() => settings({ objectStore: { servers: 4, drives: 1 } })).toThrow(
      "objectStore.servers: with 4 servers of 1 drives in 3 zones, writes would stop: a zone has up to 2 of the 4 drives of an erasure set, 2 are left and a write needs 3; give 6 servers with 2 drives each",
    ));

  it("hold S3 to different buckets, too", () => {
    const s3 = {
      backend: "s3",
      region: "eu-central-1",
      dify: login("files"),
      plugins: login("plugins"),
      backups: login("backups"),
      catalogue: login("catalogue"),
    };
    expect(() => settings({ objectStore: s3 })).not.toThrow();
    expect(() => settings({ objectStore: { ...s3, catalogue: login("backups") } })).toThrow("names a bucket twice");
  });
});

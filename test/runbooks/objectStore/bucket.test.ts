import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { usesDebian } from "../../support/debian.ts";
import { startSites, type Sites } from "../sites.ts";

usesDebian();

describe("a bucket", () => {
  let sites: Sites;

  beforeAll(async () => {
    sites = await startSites(["locked"]);
    await sites.put("locked/redis/one/file", "1");
    await sites.put("locked/redis/two/file", "2");
    await sites.put("locked/redis/note", "3");
  }, 120_000);
  afterAll(() => sites.stop());

  it("lists folders, and objects with the time at which they were written", async () => {
    const bucket = sites.bucket("locked");
    expect(await bucket.folders("redis/")).toEqual(["one", "two"]);
    const objects = await bucket.objects("redis/");
    expect(objects.map(({ key }) => key)).toEqual(["redis/note", "redis/one/file", "redis/two/file"]);
    expect(Math.abs(Date.now() - (objects[0]?.written.getTime() ?? 0))).toBeLessThan(60_000);
    expect(await bucket.keys("redis/", 1)).toEqual(["redis/note"]);
    expect(await bucket.folders("nothing/")).toEqual([]);
  });

  it("says until when an object is locked, that it is not, and that it cannot tell", async () => {
    const until = await sites.bucket("locked").lockedUntil("redis/note");
    expect(until?.getTime()).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    await sites.minio.mc("--quiet", "mb", "store/open");
    await sites.put("open/file", "1");
    expect(await sites.bucket("open").lockedUntil("file")).toBeUndefined();
    await sites.minio.mc("--quiet", "mb", "--with-lock", "store/without-days");
    await sites.put("without-days/file", "1");
    expect(await sites.bucket("without-days").lockedUntil("file")).toBeUndefined();
    await expect(sites.bucket("locked", { secretKey: "wrong-secret-key" }).lockedUntil("redis/note")).rejects.toThrow(
      /SignatureDoesNotMatch/,
    );
    await expect(sites.bucket("locked").lockedUntil("none")).rejects.toThrow(/NoSuchKey/);
  });
});

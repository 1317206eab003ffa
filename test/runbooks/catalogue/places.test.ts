import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketPlace } from "../../../runbooks/catalogue/places/bucketPlace.ts";
import type { Place } from "../../../runbooks/catalogue/places/place.ts";
import { readCatalogue, readRecord } from "../../../runbooks/catalogue/read.ts";
import { writeRecord } from "../../../runbooks/catalogue/write.ts";
import type { BucketAddress } from "../../../runbooks/objectStore/bucket.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";
import { freePort } from "../../support/servers/server.ts";
import { startSites, type Sites } from "../sites.ts";
import { recordAt } from "./sample.ts";

usesDebian();

const sitesInUse = ["near", "far", "third", "many", "empty"];

describe("a catalogue in real buckets", { timeout: 60_000 }, () => {
  let sites: Sites;
  let places: readonly Place[];
  beforeAll(async () => {
    sites = await startSites(sitesInUse);
    places = ["near", "far", "third"].map((name) => bucketPlace(name, sites.bucket(name)));
  }, 60_000);
  afterAll(() => sites.stop());

  const place = (name: string, changes: Partial<BucketAddress> = {}) => bucketPlace(name, sites.bucket(name, changes));
  const [first, second, third] = ["2026-11-20T02:00:00Z", "2026-11-21T02:00:00Z", "2026-11-22T02:00:00Z"].map((at) =>
    recordAt(at),
  ) as [ReturnType<typeof recordAt>, ReturnType<typeof recordAt>, ReturnType<typeof recordAt>];

  it("gives back what was written, newest first", async () => {
    for (const record of [second, third, first])
      expect(await writeRecord(places, record)).toEqual({ places: ["near", "far", "third"], failed: [] });
    const { entries, silent } = await readCatalogue(places);
    expect(entries.map(({ record }) => record)).toEqual([third, second, first]);
    expect(entries.map(({ places: agreeing }) => agreeing.length)).toEqual([3, 3, 3]);
    expect(silent).toEqual([]);
    expect(await readRecord(places, "latest")).toMatchObject({ id: third.id, record: third, outvoted: [] });
  });

  it("is not put off by copies that are damaged, changed or gone, and says which", async () => {
    await sites.put(`far/records/${first.id}.json`, JSON.stringify(first).slice(0, 90));
    await sites.put(`near/records/${second.id}.json`, JSON.stringify({ ...second, pause: 0 }));
    await sites.remove(`third/records/${third.id}.json`);
    const { entries } = await readCatalogue(places);
    expect(entries.map(({ record, outvoted }) => ({ record, outvoted }))).toEqual([
      { record: third, outvoted: [{ place: "third", problem: "has no copy" }] },
      { record: second, outvoted: [{ place: "near", problem: "says something else" }] },
      { record: first, outvoted: [{ place: "far", problem: "has a copy that is no JSON" }] },
    ]);
  });

  it("is mended by writing the record again", async () => {
    for (const record of [first, second, third]) await writeRecord(places, record);
    const { entries } = await readCatalogue(places);
    expect(entries.flatMap(({ outvoted }) => outvoted)).toEqual([]);
  });

  it("goes on without a place that cannot be reached, to read and to write", async () => {
    const nobody = place("far", { endpoint: `https://127.0.0.1:${await freePort()}` });
    const two = [place("near"), nobody, place("third")];
    const { entries, silent } = await readCatalogue(two);
    expect(silent).toEqual([{ place: "far", reason: expect.stringContaining("ECONNREFUSED") as string }]);
    expect(entries.map(({ record }) => record)).toEqual([third, second, first]);
    const next = recordAt("2026-11-22T03:00:00Z");
    expect(await writeRecord(two, next)).toMatchObject({ places: ["near", "third"], failed: [{ place: "far" }] });
    expect(await readRecord(places, next.id)).toMatchObject({
      record: next,
      outvoted: [{ place: "far", problem: "has no copy" }],
    });
  });

  it("does not count as written what fewer than a majority have", async () => {
    const nobody = () => place("far", { bucket: "not-there" });
    const record = recordAt("2026-11-22T04:00:00Z");
    await expect(writeRecord([place("near"), nobody(), nobody()], record)).rejects.toThrow(
      /lies in 1 of 3 places, but 2 must have it.*\n {2}far: NoSuchBucket/,
    );
    await expect(writeRecord([place("near"), nobody()], record)).rejects.toThrow("lies in 1 of 2 places, but 2 must");
    await expect(writeRecord(places, { ...record, id: "today" })).rejects.toThrow("This is no record of a backup");
  });

  it.each<[string, Partial<BucketAddress>, string]>([
    ["the bucket does not exist", { bucket: "not-there" }, "NoSuchBucket"],
    ["the key is another", { secretKey: "wrong-secret-key" }, "SignatureDoesNotMatch"],
    ["nobody vouches for the certificate", { authority: undefined }, "certificate"],
  ])("says so when %s", async (_, changes, reason) => {
    const { silent } = await readCatalogue([place("near"), place("far", changes)]);
    expect(silent).toEqual([{ place: "far", reason: expect.stringContaining(reason) as string }]);
    await expect(readCatalogue([place("far", changes)])).rejects.toThrow(
      /^No place of the catalogue can be asked:\n {2}far: /,
    );
  });

  it("says what was asked for wrongly, and what to do", async () => {
    await expect(readRecord(places, "yesterday")).rejects.toThrow('"yesterday" is no identifier of a backup');
    await expect(readRecord(places, "20260101T000000Z-0000")).rejects.toThrow(
      "No place has a record 20260101T000000Z-0000: list shows those there are.",
    );
    await expect(readRecord([place("empty")], "latest")).rejects.toThrow("The catalogue is empty");
  });

  it("lists more objects than one answer holds, and leaves alone what is no record", async () => {
    const { exitCode, stderr } = await runInDebian({
      argv: [
        "sh",
        "-c",
        'mkdir /tmp/many && cd /tmp/many && seq -f "20261122T%06.0fZ-0000.json" 1 1100 | xargs touch notes.txt && mc --quiet mirror /tmp/many store/many/records',
      ],
      ...sites.minio.clientOf(),
    });
    expect(exitCode, stderr).toBe(0);
    expect(await place("many").list()).toHaveLength(1100);
  });
});

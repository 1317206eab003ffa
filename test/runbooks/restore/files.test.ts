import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkFiles } from "../../../runbooks/restore/files.ts";
import { usesDebian } from "../../support/debian.ts";
import { startPostgres, type PostgresServer } from "../../support/servers.ts";
import { startSites, type Sites } from "../sites.ts";

usesDebian();

/** Against a real Postgres and a real MinIO. */
describe("files that rows name", { timeout: 60_000 }, () => {
  let postgres: PostgresServer;
  let sites: Sites;

  beforeAll(async () => {
    [postgres, sites] = await Promise.all([startPostgres(), startSites(["files"])]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([postgres.stop(), sites.stop()]);
  });

  const check = () => checkFiles((sql) => postgres.sql(`${sql};`), sites.bucket("files"));

  it("are none in an empty database", async () => expect(await check()).toEqual({ named: 0, missing: [] }));

  it("are looked for in the bucket, whatever their names", async () => {
    await postgres.sql(`
      CREATE TABLE upload_files (id int, key varchar(255) NOT NULL);
      CREATE TABLE tool_files (id int, file_key varchar(255) NOT NULL);
      INSERT INTO upload_files VALUES (1, 'upload_files/a b|"ü".txt'), (2, 'upload_files/a b|"ü".txt'), (3, E'upload_files/gone\\nfor good.txt');
      INSERT INTO tool_files VALUES (1, 'tools/there.png'), (2, 'tools/gone.png');`);
    await sites.put('files/upload_files/a b|"ü".txt', "one");
    await sites.put("files/tools/there.png", "two");
    await sites.put("files/tools/named by nobody.png", "three");
    const { named, missing } = await check();
    expect(named).toBe(4);
    expect(missing.toSorted()).toEqual(["tools/gone.png", "upload_files/gone\nfor good.txt"]);
  });

  it("cannot be looked at when the database does not answer, which is no good news", async () =>
    expect(checkFiles(() => Promise.resolve(undefined), sites.bucket("files"))).rejects.toThrow("does not answer"));
});

import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Offsite } from "../../../components/offsite/offsite.ts";
import { clusterSettings } from "../../../config/cluster.ts";
import { offsiteSettings } from "../../../config/offsite.ts";
import { declare } from "../../support/mocks.ts";

async function site(given: unknown): Promise<{ readonly made: Offsite; readonly resources: number }> {
  let made: Offsite | undefined;
  const resources = await declare(() => {
    made = new Offsite("offsite", {
      cluster: clusterSettings.parse(undefined),
      settings: offsiteSettings.parse(given),
      credentials: { password: (name) => pulumi.secret(`value-of-${name}`) },
    });
  });
  return { made: made as Offsite, resources: resources.length };
}

describe("a second site", () => {
  it("is none unless it is asked for", async () => {
    const { made, resources } = await site(undefined);
    expect(made.connection).toBeUndefined();
    expect(made.reading).toBeUndefined();
    expect(resources).toBe(1);
  });

  it("that speaks S3 is used as it is: nothing is made, and drills have no user of their own", async () => {
    const login = (bucket: string) => ({ bucket, accessKey: `key-${bucket}` });
    const { made, resources } = await site({
      backend: "s3",
      endpoint: "https://backups.example.com:9000",
      backups: login("backups"),
      catalogue: login("records"),
    });
    expect(made.connection).toMatchObject({ addressing: "path", backups: { bucket: "backups" }, ready: [] });
    expect(made.reading).toBe(made.connection);
    expect(made.replica).toBeUndefined();
    expect(resources).toBe(1);
  });
});

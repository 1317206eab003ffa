import { describe, expect, it } from "vitest";
import { policyDocument } from "../../../components/objectStore/policyDocument.ts";

const documents = (["application", "backup"] as const).map((purpose) =>
  policyDocument({ name: "files", purpose, reads: [] }),
);

describe("rights of a bucket's user", () => {
  it("are named one by one, for its own bucket only", () => {
    for (const { Statement } of documents)
      for (const { Effect, Action, Resource = [] } of Statement) {
        expect(Action.join()).not.toContain("*");
        if (Effect === "Allow")
          expect(Resource.every((r) => r === "arn:aws:s3:::files" || r === "arn:aws:s3:::files/*")).toBe(true);
      }
  });

  it("let backups read what they are made of, and nothing more", () => {
    const { Statement } = policyDocument({ name: "copies", purpose: "backup", reads: ["files"] });
    const onSource = Statement.filter(
      ({ Effect, Resource }) => Effect === "Allow" && Resource?.join().includes(":::files"),
    );
    expect(onSource.flatMap(({ Action }) => Action).filter((action) => !/^s3:(Get|List)/.test(action))).toEqual([]);
    expect(onSource.flatMap(({ Resource }) => Resource)).toEqual(["arn:aws:s3:::files", "arn:aws:s3:::files/*"]);
  });

  it("let an edge site add to its own bucket, and delete its locks alone", () => {
    const { Statement } = policyDocument({ name: "edge-harbour", purpose: "backup", reads: [], appendOnly: true });
    const where = (action: string) =>
      Statement.filter(({ Effect, Action }) => Effect === "Allow" && Action.includes(action)).flatMap(
        ({ Resource = [] }) => Resource,
      );
    expect(where("s3:DeleteObject")).toEqual(["arn:aws:s3:::edge-harbour/locks/*"]);
    expect(where("s3:PutObject")).toEqual(
      ["data", "index", "snapshots", "locks"].map((folder) => `arn:aws:s3:::edge-harbour/${folder}/*`),
    );
  });

  it.each([
    "s3:CreateBucket",
    "s3:DeleteObjectVersion",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutObjectRetention",
  ])("never include %s", (action) => {
    for (const { Statement } of documents)
      for (const { Effect, Action } of Statement) expect(Action.includes(action)).toBe(Effect === "Deny");
  });
});

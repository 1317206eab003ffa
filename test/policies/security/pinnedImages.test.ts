import { describe, expect, it } from "vitest";
import { imageViolations } from "../../../policies/rules/security/pinnedImages.ts";

const violations = (image: string | undefined, requireDigest = false) =>
  imageViolations({ container: "main", image }, requireDigest);
const digest = `redis@sha256:${"0123456789abcdef".repeat(4)}`;

describe("images are pinned", () => {
  it.each([
    "redis:8.0.2",
    "langgenius/dify-sandbox:0.2.12",
    "registry.local:5000/library/nginx:1.29.0-alpine",
    "pgsty/silo:RELEASE.2026-09-03T13-18-01Z",
    "edoburu/pgbouncer:v1.24.1-p1",
    digest,
    `langgenius/dify-api:1.15.0@${digest.split("@")[1]}`,
  ])("accepts %s", (image) => expect(violations(image)).toEqual([]));

  it.each([
    "redis",
    "redis:latest",
    "redis:8",
    "timescale/timescaledb-ha:pg17",
    "nginx:stable-alpine",
    "registry.local:5000/nginx",
    "redis@sha256:0123",
    undefined,
  ])("refuses %s", (image) => expect(violations(image)).toHaveLength(1));

  it("asks for a digest where the environment does", () => {
    expect(violations(digest, true)).toEqual([]);
    expect(violations("redis:8.0.2", true)).toEqual([expect.stringContaining("digest")]);
  });
});

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execaSync } from "execa";
import { afterAll, describe, expect, it } from "vitest";

const work = mkdtempSync(join(tmpdir(), "qdrant-"));
writeFileSync(join(work, "qdrant"), '#!/bin/sh\necho "$@"\n');
chmodSync(join(work, "qdrant"), 0o755);
afterAll(() => rmSync(work, { recursive: true }));

/** What the server is started with on a member. */
const start = (POD: string) =>
  execaSync(resolve("scripts/vector-store/qdrant.sh"), { cwd: work, env: { POD, SERVICE: "qdrant.data" } }).stdout;

describe("a member of qdrant", () => {
  it("begins the cluster when it is the first", () =>
    expect(start("qdrant-0")).toBe("--uri http://qdrant-0.qdrant.data:6335"));
  it("joins the first when it is another", () =>
    expect(start("qdrant-2")).toBe(
      "--uri http://qdrant-2.qdrant.data:6335 --bootstrap http://qdrant-0.qdrant.data:6335",
    ));
});

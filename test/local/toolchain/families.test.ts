import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { moduleFolder } from "../../../local/toolchain/build.ts";
import { families, familyNames, type Family } from "../../../local/toolchain/families.ts";

describe("families of programs", () => {
  it.each(familyNames)("%s builds what its go.mod names as tools, no more and no less", async (name) => {
    const text = await readFile(join(moduleFolder(name), "go.mod"), "utf8");
    const block = /^tool \(\n([^)]*)\)/m.exec(text)?.[1] ?? /^tool (.*)$/m.exec(text)?.[1] ?? "";
    const tools = block.split("\n").map((line) => line.trim());
    const family: Family = families[name];
    // "." is a program of our own, whose go.mod follows from its imports.
    const foreign = Object.values(family.programs).filter((source) => source !== ".");
    expect(foreign.toSorted()).toEqual(tools.filter(Boolean).toSorted());
  });

  it("stamps Kubernetes and Pulumi with the versions of their modules", async () => {
    const versionOf = async (name: "kubernetes" | "pulumi", module: string) => {
      const text = await readFile(join(moduleFolder(name), "go.mod"), "utf8");
      return (
        text
          .split("\n")
          .find((line) => line.trim().startsWith(`${module} v`))
          ?.split(" ")[1] ?? "missing"
      );
    };
    expect(families.kubernetes.flags.join(" ")).toContain(
      `gitVersion=${await versionOf("kubernetes", "k8s.io/kubernetes")} `,
    );
    expect(families.pulumi.flags.join(" ")).toContain(
      `version.Version=${await versionOf("pulumi", "github.com/pulumi/pulumi/pkg/v3")}`,
    );
  });
});

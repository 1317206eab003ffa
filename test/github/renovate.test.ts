import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../../local/paths.ts";

interface Manager {
  readonly managerFilePatterns: readonly string[];
  readonly matchStrings: readonly string[];
}

const { customManagers } = JSON.parse(readFileSync(join(repository, "renovate.json"), "utf8")) as {
  customManagers: readonly [Manager, Manager];
};
const [defaults, stacks] = customManagers;
const matches = ({ matchStrings }: Manager, text: string) =>
  matchStrings.flatMap((pattern) => [...text.matchAll(new RegExp(pattern, "g"))].map(({ groups }) => ({ ...groups })));
const fits = ({ managerFilePatterns }: Manager, path: string) =>
  managerFilePatterns.some((pattern) => new RegExp(pattern.slice(1, -1)).test(path));

describe("updates of images", () => {
  const files = readdirSync(join(repository, "config"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `config/${file}`);

  it("find every image that is a default of a setting", () => {
    expect(files.filter((file) => !fits(defaults, file))).toEqual([]);
    const text = files.map((file) => readFileSync(join(repository, file), "utf8")).join("\n");
    const found = matches(defaults, text);
    expect(found.length).toBeGreaterThan(10);
    expect(found).toHaveLength([...text.matchAll(/image\s*\.default\(/g)].length);
    expect(found).toContainEqual(
      expect.objectContaining({ depName: "gcr.io/etcd-development/etcd", currentValue: "v3.6.5" }),
    );
  });

  it("know digests, in settings and in stacks", () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const image = { depName: "registry.example.com:5000/redis", currentValue: "8.0.2", currentDigest: digest };
    const text = `${image.depName}:${image.currentValue}@${digest}`;
    expect(matches(defaults, `image: image.default("${text}")`)).toEqual([image]);
    expect(matches(stacks, `    image: ${text}\n`)).toEqual([image]);
    expect(fits(stacks, "Pulumi.prod.yaml")).toBe(true);
  });
});

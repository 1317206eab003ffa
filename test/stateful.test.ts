import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { declare, type Declared } from "./support/mocks.ts";
import { stackConfiguration } from "./support/stack.ts";

/** What cannot be made anew without losing data: volumes, and keys that data are encrypted or signed with. */
function holdsData({ type, name }: Declared): boolean {
  if (type.startsWith("random:")) return true;
  return (
    type === "kubernetes:apps/v1:StatefulSet" || (type === "tls:index/privateKey:PrivateKey" && name.endsWith("-ca"))
  );
}

async function prod(): Promise<readonly Declared[]> {
  const { values, secretKeys } = stackConfiguration("prod");
  pulumi.runtime.setAllConfig({ ...values }, [...secretKeys]);
  const { default: program } = await import("../index.ts");
  return declare(program, "prod");
}
const declared = prod();

const idOf = (type: string, name: string) => `${type} ${name}`;

describe("what holds data in production", { timeout: 120_000 }, () => {
  it("is protected, all of it", async () => {
    const exposed = (await declared).filter((r) => holdsData(r) && !r.protected);
    expect(exposed.map(({ type, name }) => idOf(type, name))).toEqual([]);
  });

  it("stays in the cluster when it leaves the program", async () => {
    const sets = (await declared).filter(({ type }) => type === "kubernetes:apps/v1:StatefulSet");
    expect(sets.filter((r) => !r.retained).map((r) => r.name)).toEqual([]);
    expect(sets.length).toBeGreaterThan(3);
  });

  // A rename without an alias deletes the old one and makes a new one: data and all. Add { aliases: [{ name: "old" }] } where it is
  // declared; take a line out of the list only when the data are meant to go.
  it("keeps the name that it was first deployed under, or an alias of it", async () => {
    const kept = JSON.parse(readFileSync(new URL("golden/stateful.json", import.meta.url), "utf8")) as string[];
    const resources = (await declared).filter(holdsData);
    const known = resources.flatMap(({ type, name, formerNames }) => [name, ...formerNames].map((n) => idOf(type, n)));
    expect(kept.filter((id) => !known.includes(id))).toEqual([]);
    // New ones are added here when they are first released.
    expect(resources.map(({ type, name }) => idOf(type, name)).filter((id) => !kept.includes(id))).toEqual([]);
  });

  it("would be missed if it were renamed without an alias", async () => {
    const named = (name: string, opts: pulumi.CustomResourceOptions) =>
      declare(() => new k8s.core.v1.ConfigMap(name, {}, opts));
    const [plain] = await named("new", {});
    const [aliased] = await named("new", { aliases: [{ name: "old" }] });
    expect(plain?.formerNames).toEqual([]);
    expect(aliased?.formerNames).toEqual(["old"]);
  });
});

import { describe, expect, it } from "vitest";
import type { Resource } from "../policies/read/resource.ts";
import { differences, dumpGolden, readGolden } from "./support/golden.ts";
import { environments } from "./support/stack.ts";

describe.each(environments)("the program registers for %s", (environment) => {
  it("what the golden list says (a change that is meant: make golden)", { timeout: 120_000 }, async () => {
    const now = JSON.parse(await dumpGolden(environment)) as Resource[];
    expect(differences(readGolden(environment), now)).toEqual([]);
  });

  it("every resource under a name of its own", () => {
    const ids = readGolden(environment).map(({ type, name }) => `${type} ${name}`);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });
});

describe("differences of two lists", () => {
  const deployment = (inputs: Resource["inputs"]): Resource => ({ type: "apps/v1:Deployment", name: "api", inputs });
  const config = (text: string): Resource => ({
    type: "v1:ConfigMap",
    name: "squid",
    inputs: { data: { conf: text } },
  });

  it("names what is new, gone and changed", () =>
    expect(
      differences([deployment({ spec: { replicas: 3 } }), config("a")], [deployment({ spec: { replicas: 2 } })]),
    ).toEqual(["~ apps/v1:Deployment api: spec.replicas: 3 -> 2", "- v1:ConfigMap squid"]));

  it("shows the line in which two files part", () =>
    expect(differences([config("a\nb\nc")], [config("a\nx\nc")])).toEqual([
      '~ v1:ConfigMap squid: data.conf: line 2: "b" -> "x"',
    ]));
});

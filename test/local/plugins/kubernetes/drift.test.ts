import { describe, expect, it } from "vitest";
import { driftedInputs } from "../../../../local/plugins/kubernetes/drift.ts";

describe("inputs as the cluster has them now", () => {
  const inputs = { spec: { replicas: 2, containers: [{ name: "a", cpu: "1000m" }] } };
  const seen = { spec: { replicas: 2, containers: [{ name: "a", cpu: "1", pull: "Always" }], policy: "x" } };

  it("are the program's while nobody changed anything", () =>
    expect(driftedInputs(inputs, seen, seen)).toEqual(inputs));

  it("show a changed value and nothing the program does not set", () => {
    const live = { spec: { replicas: 5, containers: [{ name: "a", cpu: "1", pull: "Never" }], policy: "y" } };
    expect(driftedInputs(inputs, seen, live)).toEqual({
      spec: { replicas: 5, containers: [{ name: "a", cpu: "1000m" }] },
    });
  });

  it("show items that were added and fields that were removed", () => {
    const live = { spec: { containers: [{ name: "a", cpu: "1", pull: "Always" }, { name: "intruder" }] } };
    expect(driftedInputs(inputs, seen, live)).toEqual({
      spec: { containers: [{ name: "a", cpu: "1000m" }, { name: "intruder" }] },
    });
  });

  it("read a Secret's text from its data", () => {
    const data = (text: string) => ({ key: Buffer.from(text).toString("base64"), other: "AA==" });
    const declared = { stringData: { key: "old", other: "\0" } };
    expect(driftedInputs(declared, { data: data("old") }, { data: data("new") })).toEqual({
      stringData: { key: "new", other: "\0" },
    });
    expect(driftedInputs(declared, { data: data("old") }, { data: { other: "AA==" } })).toEqual({
      stringData: { other: "\0" },
    });
  });
});

import { describe, expect, it } from "vitest";
import { Network } from "../../../components/network/network.ts";
import { at, declare, find } from "../../support/mocks.ts";
import { settings } from "../../support/settings.ts";

const declared = declare(() => new Network("network", { settings: settings({ cluster: { prefix: "shop" } }) }));

describe("the network of an environment", () => {
  it("has names of its own in a cluster that it shares", async () => {
    const namespaces = (await declared).filter((r) => r.type.endsWith(":Namespace")).map((r) => r.name);
    expect(namespaces).toEqual(["shop", "shop-data", "shop-sandbox", "shop-drills"]);
    expect((await declared).filter((r) => r.type.endsWith(":PriorityClass")).map((r) => r.name)).toEqual([
      "shop-data",
      "shop-service",
    ]);
  });

  it("enforces Pod Security where users' code does not run", async () =>
    expect(at(find(await declared, "Namespace", "shop-data").inputs, "metadata.labels")).toMatchObject({
      "pod-security.kubernetes.io/enforce": "restricted",
    }));

  it("denies by default in every namespace", async () => {
    const denials = (await declared).filter(
      (r) => r.type.endsWith(":NetworkPolicy") && r.name.startsWith("default-deny"),
    );
    expect(denials.map((r) => at(r.inputs, "metadata.namespace"))).toEqual([
      "shop",
      "shop-data",
      "shop-sandbox",
      "shop-drills",
    ]);
    for (const { inputs } of denials)
      expect(inputs["spec"]).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  });
});

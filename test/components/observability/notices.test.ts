import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Notices } from "../../../components/observability/notices.ts";
import { flows } from "../../../components/network/flows.ts";
import { clusterSettings } from "../../../config/cluster.ts";
import { settings } from "../../support/settings.ts";
import { at, declare, find } from "../../support/mocks.ts";
import { readGolden } from "../../support/golden.ts";
import { judge } from "../../support/policies.ts";
import { notices, receivers } from "./noticesSample.ts";

const declared = (changes?: Readonly<Record<string, unknown>>) =>
  declare(() => {
    new Notices("notices", {
      cluster: clusterSettings.parse(undefined),
      namespace: "dify-data",
      settings: notices(changes),
      credentials: { notice: (name) => pulumi.secret(`value-of-${name}`) },
    });
  });

describe("notices by an operator's Alertmanager", () => {
  const all = declared();

  it("refer to a Secret for what is secret, and have nothing of it elsewhere", async () => {
    const spec = JSON.stringify(find(await all, "AlertmanagerConfig", "notices").inputs["spec"]);
    expect(spec).toContain('"urlSecret":{"key":"noticeUrl-oncall","name":"notices"}');
    expect(spec).toContain('"urlSecret":{"key":"noticeUrl-heartbeat","name":"notices"}');
    expect(spec).toContain('"authPassword":{"key":"noticePassword-mail","name":"notices"}');
    const others = (await all).filter(({ type }) => !type.endsWith(":Secret") && type.startsWith("kubernetes:"));
    expect(JSON.stringify(others.map(({ revealed }) => revealed))).not.toContain("value-of-");
  });

  it("give each program the secrets that it needs, and no others", async () => {
    const keys = async (name: string) =>
      Object.keys(at(find(await all, "Secret", name).inputs, "stringData") as object);
    expect(await keys("notices")).toEqual([
      "noticePassword-mail",
      "noticeUrl-heartbeat",
      "noticeUrl-oncall",
      "noticeUrl-tickets",
    ]);
    expect(await keys("notice-forwarder")).toEqual(["noticeKey-team", "noticeUrl-group", "noticeUrl-team"]);
  });

  it("take alerts of this stack alone, to route and to silence by", async () => {
    const { route, inhibitRules } = find(await all, "AlertmanagerConfig", "notices").inputs["spec"] as {
      route: { matchers: unknown };
      inhibitRules: { sourceMatch: unknown[]; targetMatch: unknown[] }[];
    };
    const ours = { name: "stack", matchType: "=", value: "dify" };
    expect(route.matchers).toEqual([ours]);
    expect(inhibitRules.length).toBeGreaterThan(0);
    for (const { sourceMatch, targetMatch } of inhibitRules)
      expect([sourceMatch[0], targetMatch[0]]).toEqual([ours, ours]);
  });

  it("go through two forwarders that a change of a secret rolls", async () => {
    const deployment = find(await all, "Deployment", "notice-forwarder").inputs;
    expect(at(deployment, "spec.replicas")).toBe(2);
    expect(at(deployment, "spec.template.metadata.annotations")).toHaveProperty("dify-ha/configuration-checksum");
    expect(JSON.stringify(find(await all, "AlertmanagerConfig", "notices").inputs)).toContain(
      '"url":"http://notice-forwarder.dify-data.svc.cluster.local:8080/team"',
    );
  });

  it("comply with the policies of production", async () => {
    const own = (await all).map(({ type, name, inputs }) => ({ type, name, inputs }));
    const there = JSON.parse(JSON.stringify(own).replaceAll('"dify-data"', '"dify-prod-data"')) as typeof own;
    expect(
      judge([...readGolden("prod"), ...there], "prod", { levels: ["mandatory", "advisory", "disabled"] }).violations,
    ).toEqual([]);
  });

  it("need no forwarder without robots", async () => {
    const without = await declared({ receivers: receivers.slice(0, 3) });
    expect(without.filter(({ name }) => name === "notice-forwarder")).toEqual([]);
  });
});

describe("flows of notices", () => {
  const parties = (kinds: readonly string[]) =>
    flows(
      settings({
        network: { monitoringNamespace: "monitoring" },
        observability: { backend: "operator" },
        notices: { receivers: kinds.map((kind) => ({ kind, name: kind, gets: { critical: "always" } })) },
      }),
    )
      .filter(({ from, to }) => [from, to].includes("notice-forwarder"))
      .map(({ from, to, ports }) => `${from} -> ${to}:${ports.join()}`);

  it("lead from Alertmanager through the forwarder to robots", () =>
    expect(parties(["wecom"])).toEqual(["monitoring -> notice-forwarder:8080", "notice-forwarder -> internet:443"]));
  it("are not there without robots", () => expect(parties(["pager"])).toEqual([]));
});

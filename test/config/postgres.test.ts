import { describe, expect, it } from "vitest";
import { postgresSettings } from "../../config/postgres.ts";
import { postgresRules } from "../../config/rules/postgres.ts";
import type { Settings } from "../../config/settings.ts";

/** Problems of the rules that look at this section alone. */
function problems(changes: Record<string, unknown>): string[] {
  const postgres = postgresSettings.parse(changes);
  return postgresRules
    .filter(({ sections }) => sections.length === 1)
    .flatMap(({ check }) => check({ postgres } as Settings))
    .map(({ path }) => path);
}

describe("settings of PostgreSQL", () => {
  it("are a synchronous cluster of three when nothing is said", () => {
    expect(postgresSettings.parse(undefined)).toMatchObject({ backend: "patroni", members: 3, synchronous: "quorum" });
    expect(problems({})).toEqual([]);
  });

  it("are an external server when its host is named", () =>
    expect(postgresSettings.parse({ backend: "external", host: "db.example.com" })).toEqual({
      backend: "external",
      host: "db.example.com",
      port: 5432,
      dify: { database: "dify", user: "dify" },
      plugin: { database: "dify_plugin", user: "dify_plugin" },
      pooled: false,
    }));

  it.each([
    ["a ttl below Patroni's floor", { timing: { ttl: 15 } }],
    ["two members", { members: 2 }],
    ["an even number of members of etcd", { etcd: { members: 4 } }],
    ["a moving image", { image: "timescale/timescaledb-ha:latest" }],
    ["log that is archived after an hour", { archive: { timeout: 3600 } }],
    ["an unknown key", { colour: "blue" }],
  ])("refuse %s", (_, changes) => expect(postgresSettings.safeParse(changes).success).toBe(false));

  it.each([
    ["times that do not fit into the ttl", { timing: { loopWait: 10, retryTimeout: 10 } }, "postgres.timing.ttl"],
    ["votes without synchronous commits", { synchronous: "off" }, "postgres.timing.voter"],
    ["votes that come no sooner than the ttl", { timing: { unreachable: 12 } }, "postgres.timing.unreachable"],
    ["commits that wait for every standby", { synchronousStandbys: 2 }, "postgres.synchronousStandbys"],
    ["too little memory", { resources: { memory: "1Gi" } }, "postgres.resources.memory"],
    ["too few connections", { maxConnections: 100 }, "postgres.maxConnections"],
  ])("that ask for %s do not add up", (_, changes, path) => expect(problems(changes)).toEqual([path]));

  it("say how many connections there must be", () => {
    const rule = postgresRules.find(({ name }) => name === "the poolers' connections fit into the primary's");
    const check = (maxConnections: number) =>
      rule?.check({ postgres: postgresSettings.parse({ maxConnections }) } as Settings) ?? [];
    const [problem] = check(100);
    expect(problem?.remedy).toMatch(/^give at least \d+, or smaller pooler.pools$/);
    const enough = Number(/\d+/.exec(problem?.remedy ?? "")?.[0]);
    expect(check(enough - 1)).toHaveLength(1);
    expect(check(enough)).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { loadSettings } from "../../config/load.ts";
import { SettingsError } from "../../config/errors.ts";
import { settings } from "../support/settings.ts";
import { environments, stackConfiguration } from "../support/stack.ts";

/** The message that wrong settings get; empty when they are right. */
function message(values: Readonly<Record<string, unknown>>, secretKeys: readonly string[] = []): string {
  const texts = Object.entries(values).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)]);
  try {
    loadSettings({ stack: "prod", values: Object.fromEntries(texts) as Record<string, string>, secretKeys });
    return "";
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
}

describe("settings", () => {
  it("may all be left out", () => expect(settings().cluster.zones).toEqual(["a", "b", "c"]));

  it.each(environments)("of %s are right", (environment) =>
    expect(loadSettings(stackConfiguration(environment)).cluster.prefix).toMatch(/^dify/),
  );

  it("are all checked before any is complained about", () => {
    const text = message({
      "dify-ha:cluster": { zones: ["a"], colour: "red" },
      "dify-ha:redis": { members: 4 },
      "dify-ha:network": { host: "localhost" },
      "dify-ha:databases": {},
    });
    expect(text).toContain('5 settings are wrong in stack "prod", nothing was changed:');
    expect(text).toContain("cluster.zones: is a list that does not fit; give at least 3 entries");
    expect(text).toContain("cluster.colour: is unknown; known are prefix, zones,");
    expect(text).toContain("redis.members: 4 does not fit; must be odd");
    expect(text).toContain('network.host: "localhost" does not fit; must be a DNS name such as "dify.example.com"');
    expect(text).toContain("dify-ha:databases: is unknown; known are cluster, network,");
  });

  it("name the variants of what there is a choice of", () => {
    expect(message({ "dify-ha:vectorStore": { kind: "chroma" } })).toContain(
      'vectorStore.kind: "chroma" does not fit; give one of pgvector, weaviate, qdrant, milvus',
    );
    expect(message({ "dify-ha:vectorStore": { kind: "milvus" } })).toContain(
      "vectorStore.host: is missing; give a string",
    );
  });

  it("that relate to each other are compared", () =>
    expect(message({ "dify-ha:network": { certificates: { days: 90, renewBeforeDays: 60 } } })).toContain(
      "network.certificates.renewBeforeDays: 60 days are more than half of a certificate's life of 90 days; give at most 45",
    ));

  it("that are no map are told apart from wrong ones", () =>
    expect(message({ "dify-ha:redis": "three" })).toContain(
      "redis: is not a map of settings; write it as YAML below dify-ha:redis",
    ));
});

describe("secrets", () => {
  it("are taken when encrypted", () =>
    expect(message({ "secrets:redisPassword": "sixteenLettersAtLeast" }, ["secrets:redisPassword"])).toBe(""));

  it("in plain text are refused, and not repeated", () => {
    const text = message({ "secrets:redisPassword": "sixteen letters at least" });
    expect(text).toContain("secrets:redisPassword: stands in the configuration in plain text");
    expect(text).not.toContain("sixteen");
  });

  it("that are too short or unknown are refused, and not repeated", () => {
    const text = message({ "secrets:redisPassword": "hunter2", "secrets:rootPassword": "hunter2" }, [
      "secrets:redisPassword",
      "secrets:rootPassword",
    ]);
    expect(text).toContain("secrets:redisPassword: is a string that does not fit; give at least 16 characters");
    expect(text).toContain("secrets:rootPassword: is unknown; known are difyDatabasePassword,");
    expect(text).not.toContain("hunter2");
  });

  it("that a server elsewhere has already must be given", () => {
    const external = { "dify-ha:redis": { backend: "external", host: "redis.example.com" } };
    expect(message(external)).toContain(
      "secrets:redisPassword: is missing, and redis.backend names a server that has one already; give it with:",
    );
    expect(message({ ...external, "secrets:redisPassword": "sixteenLettersAtLeast" }, ["secrets:redisPassword"])).toBe(
      "",
    );
  });

  it("put into a section are not repeated", () =>
    expect(message({ "dify-ha:redis": { members: "hunter2" } }, ["dify-ha:redis"])).not.toContain("hunter2"));
});

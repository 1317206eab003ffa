import { describe, expect, it } from "vitest";
import { settings } from "../../support/settings.ts";

describe("settings of Redis", () => {
  it.each([
    ["nothing at all", undefined],
    ["less data in less memory", { maxMemory: "128Mi", resources: { memory: "256Mi" }, storage: "1Gi" }],
    ["a slower failover", { downAfter: 12, maxLag: 10 }],
    ["an external server", { backend: "external", host: "redis.example.com" }],
  ])("accept %s", (_, redis) => expect(() => settings(redis ? { redis } : {})).not.toThrow());

  it.each([
    [
      "memory that a save would exhaust",
      { maxMemory: "2Gi" },
      "redis.resources.memory: 2Gi leave too little beside 2Gi",
    ],
    ["a volume too small for its data", { storage: "2Gi" }, "give at least 4096Mi"],
    [
      "a master that accepts writes while another does",
      { maxLag: 10 },
      "redis.maxLag: a master that is cut off would accept writes for up to 12 s, and another is chosen after 4 s: what was written to the old one would be lost; give at most 2, or raise redis.downAfter to 12",
    ],
    ["an even number of members", { members: 4 }, "must be odd"],
    ["an external server without a name", { backend: "external" }, "redis.host: is missing"],
  ])("refuse %s", (_, redis, message) => expect(() => settings({ redis })).toThrow(message));

  it("want a member in each zone", () =>
    expect(() => settings({ cluster: { zones: ["a", "b", "c", "d", "e"] } })).toThrow(
      "redis.members: 3 members leave some of 5 zones without one; give at least 5",
    ));
});

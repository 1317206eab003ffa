import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { databaseClients } from "../../../components/dify/databaseClients.ts";
import { patroniSettingsOf, pgbouncerLimits, renderedPools, superuserReserved } from "../../support/connections.ts";
import { SettingsError } from "../../../config/errors.ts";
import type { Settings } from "../../../config/settings.ts";
import { readGolden } from "../../support/golden.ts";
import { settings } from "../../support/settings.ts";
import { environments } from "../../support/stack.ts";

const whole = (min: number, max: number) => fc.integer({ min, max });
/** Mostly sizes as they are used, and now and then the bounds of the schema. */
const size = (usual: number, most: number, least = 1) =>
  fc.oneof({ weight: 4, arbitrary: whole(least, usual) }, { weight: 1, arbitrary: whole(least, most) });
const pool = fc.record({ size: size(30, 200), overflow: size(20, 200, 0) });
const replicas = fc.oneof(size(5, 200), fc.record({ min: whole(2, 4), max: size(20, 200, 4) }));
const memory = fc.constantFrom("1Gi", "2Gi", "4Gi", "16Gi", "64Gi");

/** Settings within the bounds of the schema; whether they fit each other is for the program to say. */
const anySettings = fc.record({
  postgres: fc.record({
    maxConnections: size(600, 5000, 20),
    resources: fc.record({ memory }),
    pooler: fc.record({
      replicas: size(4, 10, 2),
      resources: fc.record({ memory: fc.constantFrom("128Mi", "256Mi", "1Gi", "4Gi") }),
      pools: fc.record({ dify: size(50, 1000), plugin: size(20, 1000) }),
    }),
  }),
  dify: fc.record({
    version: fc.constantFrom("1.3.0", "1.15.0", "1.17.1"),
    api: fc.record({ replicas, processes: size(3, 16), database: pool }),
    worker: fc.record({ replicas, database: pool }),
    websocket: fc.record({ enabled: fc.boolean(), database: pool }),
    pluginDaemon: fc.record({ database: pool }),
  }),
  vectorStore: fc.constantFrom({ kind: "pgvector" }, { kind: "weaviate" }),
});

/** The settings, or the paths that they are refused by. */
function accepted(given: Readonly<Record<string, unknown>>): Settings | string {
  try {
    return settings(given);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
}

describe("at every setting that is accepted", { timeout: 120_000 }, () => {
  it("poolers never ask for more connections than the primary has for them, nor Dify for more than poolers have", () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(anySettings, (given) => {
        const result = accepted(given);
        if (typeof result === "string") {
          seen.refused++;
          expect(result).toMatch(/postgres\.(maxConnections|resources\.memory|pooler\.resources\.memory): .*give /);
          return;
        }
        seen.accepted++;
        const postgres = patroniSettingsOf(result);
        const limits = pgbouncerLimits(postgres, databaseClients(result));
        // Each pooler while it ends and the one that takes its place, each with all of its databases full.
        const fromPoolers = 2 * postgres.pooler.replicas * limits.serverConnections;
        // Patroni with pg_rewind, jobs, metrics and people.
        expect(fromPoolers + 10 + superuserReserved(postgres)).toBeLessThanOrEqual(postgres.maxConnections);
        expect(dify(result)).toBeLessThanOrEqual(limits.clients);
      }),
      { numRuns: 500 },
    );
    // Else nothing was tried.
    expect(seen.accepted).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(50);
  });

  /** Connections of all of Dify's processes when every pool is full, at the most replicas, each of them being replaced. */
  function dify({ dify: { version, api, worker, websocket, pluginDaemon }, vectorStore }: Settings): number {
    const most = (count: typeof api.replicas) => (typeof count === "number" ? count : count.max);
    const full = (database: typeof api.database) => database.size + database.overflow;
    const searching = vectorStore.kind === "pgvector" ? 2 : 1;
    return (
      2 * most(api.replicas) * api.processes * full(api.database) * searching +
      2 * most(worker.replicas) * full(worker.database) * searching +
      (websocket.enabled && version !== "1.3.0" ? full(websocket.database) : 0) +
      (version === "1.3.0" ? 1 : 4) * full(pluginDaemon.database) +
      3 // scheduler and migration
    );
  }
});

describe.each(environments)("what is rendered for %s", (environment) => {
  const golden = readGolden(environment);

  it("adds up: what the processes are told to open at most, and what poolers and primary are told to accept", () => {
    const { fromDify, clients, fromPoolers, maxConnections, superuser } = renderedPools(golden);
    expect(fromDify).toBeGreaterThan(100);
    expect(fromDify).toBeLessThanOrEqual(clients);
    expect(fromPoolers + 10 + superuser).toBeLessThanOrEqual(maxConnections);
  });
});

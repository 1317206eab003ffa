import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connectionBudget, memoryPlan, poolerMemory } from "../../../components/postgres/sizing.ts";

const whole = (min: number, max: number) => fc.integer({ min, max });
const pooled = fc.record({
  maxConnections: whole(20, 5000),
  pooler: fc.record({ replicas: whole(2, 10), pools: fc.record({ dify: whole(1, 1000), plugin: whole(1, 1000) }) }),
});
const clients = fc.array(
  fc.record({ name: fc.constant("api"), processes: whole(1, 50), poolSize: whole(1, 50), overflow: whole(0, 50) }),
);

/** The budget reads no other settings of the pooler. */
const budgetOf = (settings: { maxConnections: number; pooler: object }, of: Parameters<typeof connectionBudget>[1]) =>
  connectionBudget(settings as Parameters<typeof connectionBudget>[0], of);

describe("the connections of the primary", () => {
  it("are all accounted for", () =>
    fc.assert(
      fc.property(pooled, clients, (settings, of) => {
        const { fromPoolers, reserved, spare } = budgetOf(settings, of);
        expect(fromPoolers + reserved + spare).toBe(settings.maxConnections);
      }),
    ));

  it("carry every pooler twice: one that ends, and one that takes its place", () => {
    const settings = { maxConnections: 100, pooler: { replicas: 2, pools: { dify: 10, plugin: 5 } } };
    expect(budgetOf(settings, []).fromPoolers).toBe(4 * 17);
  });

  it("let every client connect to the one pooler that is left", () =>
    fc.assert(
      fc.property(pooled, clients, (settings, of) => {
        const wanted = of.reduce((sum, c) => sum + c.processes * (c.poolSize + c.overflow), 0);
        const budget = budgetOf(settings, of);
        expect(budget.clientsPerPooler).toBeGreaterThan(wanted);
        expect(poolerMemory(budget)).toBeGreaterThan(wanted * 0.05);
      }),
    ));
});

describe("memory", () => {
  const plan = (memory: string, maxConnections: number) =>
    memoryPlan({ resources: { cpu: "1", memory }, maxConnections });

  it("is shared as PostgreSQL advises: a quarter for its own buffers", () =>
    expect(plan("8Gi", 200)).toMatchObject({ sharedBuffers: 2048, effectiveCacheSize: 4915, maintenanceWorkMem: 512 }));

  it("does not add up when connections alone take it all", () => expect(plan("1Gi", 200).spare).toBeLessThan(0));

  it("is never promised twice", () =>
    fc.assert(
      fc.property(whole(1, 256), whole(20, 1000), (gibibytes, connections) => {
        const { sharedBuffers, maintenanceWorkMem, workMem, spare } = plan(`${gibibytes}Gi`, connections);
        fc.pre(spare > connections * 2);
        expect(sharedBuffers + maintenanceWorkMem + (workMem * connections) / 4).toBeLessThan(gibibytes * 1024);
      }),
    ));
});

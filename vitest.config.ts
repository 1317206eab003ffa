import { defineConfig } from "vitest/config";

/**
 * What starts a control plane, the engine, or Postgres with all of its backups: one file at a time, after all else, so that time limits mean
 * something on two cores.
 */
const engine = [
  "test/engine/**/*.test.ts",
  "test/deploy/**/*.test.ts",
  "test/local/{cluster,plugins,pulumi,commands}/**/*.test.ts",
  "test/runbooks/{backups,notices,status}/command.test.ts",
  "test/runbooks/restore/clusterObjects.test.ts",
  "test/components/backup/{postgres,coordinated,snapshots,volumeCopies,follower}.test.ts",
  "test/components/drills/{drills,account}.test.ts",
  "test/components/observability/{pair,kubelets}.test.ts",
  "test/scripts/postgres/restoreMember.test.ts",
];
const manifests = ["test/manifests/**/*.test.ts"];
/** Breaks a stack on real nodes, one thing at a time, and backs it up: `make e2e`, of which `make test` does a part. */
const endToEnd = ["test/e2e/{faults,backups}/**/*.test.ts"];

export default defineConfig({
  test: {
    // Suites that start servers or a cluster say so in their own time limits.
    testTimeout: 20_000,
    // The long ones wait for failovers and time limits, not for a core.
    maxWorkers: 4,
    reporters: ["default"],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...manifests, ...engine, ...endToEnd],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "manifests",
          include: manifests,
          globalSetup: "test/support/clusterRun.ts",
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "engine",
          include: engine,
          globalSetup: "test/support/clusterRun.ts",
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: endToEnd,
          fileParallelism: false,
          // A fault with its load, its healing and its verification; those that repeat it say so themselves.
          testTimeout: 10 * 60_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});

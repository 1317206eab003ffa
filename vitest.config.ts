import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Suites that start servers or a cluster say so in their own time limits.
    testTimeout: 20_000,
    reporters: ["default"],
  },
});

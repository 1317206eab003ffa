import type { Rule } from "../rules.ts";
import { backupRules } from "./backup.ts";
import { clusterRules } from "./cluster.ts";
import { drillsRules } from "./drills.ts";
import { networkRules } from "./network.ts";
import { noticesRules } from "./notices.ts";
import { objectStoreRules } from "./objectStore.ts";
import { observabilityRules } from "./observability.ts";
import { offsiteRules } from "./offsite.ts";
import { postgresRules } from "./postgres.ts";
import { redisRules } from "./redis.ts";

/** Every check that relates settings to each other. */
export const rules: readonly Rule[] = [
  ...clusterRules,
  ...networkRules,
  ...postgresRules,
  ...redisRules,
  ...objectStoreRules,
  ...backupRules,
  ...offsiteRules,
  ...drillsRules,
  ...observabilityRules,
  ...noticesRules,
];

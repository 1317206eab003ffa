import { z } from "zod";
import { backupSettings } from "./backup.ts";
import { clusterSettings } from "./cluster.ts";
import { difySettings } from "./dify.ts";
import { drillsSettings } from "./drills.ts";
import { networkSettings } from "./network.ts";
import { noticesSettings } from "./notices.ts";
import { objectStoreSettings } from "./objectStore.ts";
import { observabilitySettings } from "./observability.ts";
import { offsiteSettings } from "./offsite.ts";
import { postgresSettings } from "./postgres.ts";
import { redisSettings } from "./redis.ts";
import { vectorStoreSettings } from "./vectorStore.ts";

/** All settings of a stack: one section a part of the system, each a key of Pulumi's configuration (dify-ha:postgres, ...). */
export const settingsSchema = z.strictObject({
  cluster: clusterSettings,
  network: networkSettings,
  postgres: postgresSettings,
  redis: redisSettings,
  objectStore: objectStoreSettings,
  offsite: offsiteSettings,
  vectorStore: vectorStoreSettings,
  backup: backupSettings,
  drills: drillsSettings,
  observability: observabilitySettings,
  notices: noticesSettings,
  dify: difySettings,
});

export type Settings = z.infer<typeof settingsSchema>;

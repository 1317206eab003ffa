import { offsiteStoreOutputs, ownStoreOutputs } from "../objectStore/sites.ts";
import type { OutputNames, ReadOutputs } from "../outputs.ts";

/** Outputs that say what is backed up, where it lies and how old it may be. */
export const statusOutputs = {
  needed: [
    "dataNamespace",
    ...ownStoreOutputs,
    "difyBucket",
    "pluginBucket",
    "backupBucket",
    "backupAccessKey",
    "backupSecretKey",
    "catalogueBucket",
    "catalogueAccessKey",
    "catalogueSecretKey",
    "objectsBackupHours",
    "secretsBackupHours",
  ],
  optional: [
    "clusterContext",
    ...offsiteStoreOutputs,
    "offsiteBackupBucket",
    "offsiteBackupAccessKey",
    "offsiteBackupSecretKey",
    "offsiteCatalogueBucket",
    "offsiteCatalogueAccessKey",
    "offsiteCatalogueSecretKey",
    "postgresBackups",
    "postgresLogSeconds",
    "objectsFollowedSeconds",
    "postgresBackupHours",
    "postgresOffsiteBackupHours",
    "postgresDumpHours",
    "coordinatedBackupHours",
    "redisBackupHours",
    "etcdBackupHours",
    "clusterEtcdBackupHours",
    "vectorsBackupHours",
    "volumeCopyHours",
    "edgeBackupHours",
    "edgeSites",
    "veleroDailyHours",
    "veleroWeeklyHours",
  ],
} as const satisfies OutputNames;

export type StatusOutputs = ReadOutputs<typeof statusOutputs>;

import type { KubeConfig } from "@kubernetes/client-node";
import { clusterConfig } from "../cluster.ts";
import { offsiteBucket, ownBucket, offsiteStoreOutputs, ownStoreOutputs } from "../objectStore/sites.ts";
import type { OutputNames, ReadOutputs } from "../outputs.ts";
import { bucketPlace } from "./places/bucketPlace.ts";
import { clusterPlace } from "./places/clusterPlace.ts";
import type { Place } from "./places/place.ts";
import type { BackupStore } from "./verify.ts";

/** Outputs that say where the catalogue and the backups are. */
export const catalogueOutputs = {
  needed: [
    "dataNamespace",
    ...ownStoreOutputs,
    "catalogueBucket",
    "catalogueAccessKey",
    "catalogueSecretKey",
    "backupBucket",
    "backupAccessKey",
    "backupSecretKey",
  ],
  optional: [
    "clusterContext",
    "postgresBackups",
    ...offsiteStoreOutputs,
    "offsiteCatalogueBucket",
    "offsiteCatalogueAccessKey",
    "offsiteCatalogueSecretKey",
  ],
} as const satisfies OutputNames;

export type CatalogueOutputs = ReadOutputs<typeof catalogueOutputs>;

/** The catalogue of a stack, and the backups that it tells of. Nothing is asked before it is used. */
export interface OpenCatalogue {
  readonly places: readonly Place[];
  readonly backups: BackupStore;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Opens the places of a stack's catalogue: its own bucket, that of the second site if there is one, and the cluster. */
export function openCatalogue(outputs: CatalogueOutputs): OpenCatalogue {
  let config: KubeConfig | undefined;
  const cluster = () => (config ??= clusterConfig(outputs.clusterContext));
  const { catalogueBucket, catalogueAccessKey, catalogueSecretKey } = outputs;
  const { backupBucket, backupAccessKey, backupSecretKey } = outputs;
  const { offsiteCatalogueBucket, offsiteCatalogueAccessKey, offsiteCatalogueSecretKey } = outputs;
  const catalogue = ownBucket(
    outputs,
    { bucket: catalogueBucket, accessKey: catalogueAccessKey, secretKey: catalogueSecretKey },
    cluster,
  );
  const backups = ownBucket(
    outputs,
    { bucket: backupBucket, accessKey: backupAccessKey, secretKey: backupSecretKey },
    cluster,
  );
  const offsite = offsiteBucket(
    outputs,
    { bucket: offsiteCatalogueBucket, accessKey: offsiteCatalogueAccessKey, secretKey: offsiteCatalogueSecretKey },
    cluster,
  );
  return {
    places: [
      bucketPlace("catalogue bucket", catalogue),
      ...(offsite ? [bucketPlace("off-site bucket", offsite)] : []),
      clusterPlace("cluster", outputs.dataNamespace, cluster),
    ],
    backups: { bucket: backups, postgresBackups: outputs.postgresBackups },
    close: async () => {
      await Promise.all([catalogue.close(), backups.close(), offsite?.close()]);
    },
  };
}

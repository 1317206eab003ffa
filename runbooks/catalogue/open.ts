import type { KubeConfig } from "@kubernetes/client-node";
import { clusterConfig } from "../cluster.ts";
import { Bucket } from "../objectStore/bucket.ts";
import { serviceOf } from "../objectStore/forward.ts";
import type { OutputNames, ReadOutputs } from "../outputs.ts";
import { bucketPlace } from "./places/bucketPlace.ts";
import { clusterPlace } from "./places/clusterPlace.ts";
import type { Place } from "./places/place.ts";
import type { BackupStore } from "./verify.ts";

/** Outputs that say where the catalogue and the backups are. */
export const catalogueOutputs = {
  needed: [
    "dataNamespace",
    "objectStoreEndpoint",
    "objectStoreRegion",
    "objectStoreAddressing",
    "certificateAuthority",
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
    "offsiteEndpoint",
    "offsiteRegion",
    "offsiteAddressing",
    "offsiteCertificateAuthority",
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
  const catalogue = new Bucket(
    ownBucket(outputs, outputs.catalogueBucket, outputs.catalogueAccessKey, outputs.catalogueSecretKey),
    cluster,
  );
  const backups = new Bucket(
    ownBucket(outputs, outputs.backupBucket, outputs.backupAccessKey, outputs.backupSecretKey),
    cluster,
  );
  const offsite = offsiteBucket(outputs, cluster);
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

function ownBucket(outputs: CatalogueOutputs, bucket: string, accessKey: string, secretKey: string) {
  const { objectStoreEndpoint: endpoint, objectStoreRegion: region, objectStoreAddressing: addressing } = outputs;
  // A store in the cluster has a certificate of the stack's own authority; elsewhere a public one signed it.
  const authority = serviceOf(endpoint) && outputs.certificateAuthority;
  return { endpoint, region, addressing, bucket, accessKey, secretKey, authority };
}

function offsiteBucket(outputs: CatalogueOutputs, cluster: () => KubeConfig): Bucket | undefined {
  const {
    offsiteEndpoint: endpoint,
    offsiteRegion: region = "us-east-1",
    offsiteAddressing: addressing = "path",
    offsiteCertificateAuthority: authority,
    offsiteCatalogueBucket: bucket,
    offsiteCatalogueAccessKey: accessKey,
    offsiteCatalogueSecretKey: secretKey,
  } = outputs;
  if (!endpoint || !bucket || !accessKey || !secretKey) return undefined;
  return new Bucket({ endpoint, region, addressing, bucket, accessKey, secretKey, authority }, cluster);
}

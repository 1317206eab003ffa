import { createHash } from "node:crypto";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ObjectStoreConnection } from "../../objectStore/connection.ts";
import type { OffsiteConnection } from "../../offsite/connection.ts";
import { secretFiles } from "../../workload/configuration.ts";
import { veleroResource } from "./resources.ts";

/** Where backups go: the cluster's object store, and the second site if there is one. */
export type LocationName = "cluster" | "offsite";

export interface LocationsArgs {
  readonly namespace: pulumi.Input<string>;
  readonly objectStore: ObjectStoreConnection;
  readonly offsite: OffsiteConnection | undefined;
  /** Secrets used: backupCipher; offsiteCipher when there is a second site. */
  readonly credentials: { password(name: "backupCipher" | "offsiteCipher"): pulumi.Output<string> };
  /** The server's workload. */
  readonly workload: string;
  /** Kinds of Velero's API are there. */
  readonly after: readonly pulumi.Input<pulumi.Resource>[];
}

/** Folder in the bucket of backups that Velero has for itself: it takes no bucket with other folders beside its own. */
const prefix = "velero";

/** Where the server has the Secret's files. */
export const keysFolder = "/etc/velero-locations";

interface Site {
  readonly store: OffsiteConnection;
  readonly cipher: () => pulumi.Output<string>;
}

/** The buckets as Velero knows them, with their keys. */
export class VeleroLocations extends pulumi.ComponentResource {
  readonly names: readonly LocationName[];
  readonly secret: k8s.core.v1.Secret;

  constructor(name: string, args: LocationsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:VeleroLocations", name, {}, opts);
    const { namespace, objectStore, offsite, credentials, workload, after } = args;
    const child = { parent: this };
    const sites: Readonly<Partial<Record<LocationName, Site>>> = {
      cluster: { store: objectStore, cipher: () => credentials.password("backupCipher") },
      ...(offsite && { offsite: { store: offsite, cipher: () => credentials.password("offsiteCipher") } }),
    };
    const entries = Object.entries(sites) as [LocationName, Site][];
    const files = entries.map(([site, { store, cipher }]) => ({
      [`${site}-credentials`]: credentialsFile(store),
      ...(keyIsOurs(store) && { [`${site}-key`]: cipher().apply(customerKey) }),
      ...(store.caCertificate && { [`${site}.crt`]: store.caCertificate }),
    }));
    this.secret = secretFiles(
      "velero-locations",
      { namespace, workload, files: Object.assign({}, ...files) as Record<string, pulumi.Input<string>> },
      child,
    );
    for (const [site, { store }] of entries)
      veleroResource(
        "BackupStorageLocation",
        {
          name: site,
          namespace,
          spec: {
            provider: "velero.io/aws",
            default: site === "cluster",
            accessMode: "ReadWrite",
            objectStorage: {
              bucket: store.backups.bucket,
              prefix,
              ...(store.caCertificate && { caCertRef: { name: this.secret.metadata.name, key: `${site}.crt` } }),
            },
            credential: { name: this.secret.metadata.name, key: `${site}-credentials` },
            config: pluginSettings(store, `${keysFolder}/${site}-key`),
          },
        },
        { ...child, dependsOn: [...after, ...store.ready] },
      );
    this.names = entries.map(([site]) => site);
    this.registerOutputs({ locations: this.names });
  }
}

/** AWS encrypts by a key of ours in its own KMS, and our buckets there refuse any other. */
const keyIsOurs = ({ addressing }: OffsiteConnection): boolean => addressing === "path";

/** SSE-C takes 32 bytes. Whoever has the site's pass phrase has them. */
export function customerKey(passphrase: string): string {
  return createHash("sha256").update(`velero:${passphrase}`).digest("hex").slice(0, 32);
}

function credentialsFile({ backups }: OffsiteConnection): pulumi.Output<string> {
  return pulumi.interpolate`[default]
aws_access_key_id=${backups.accessKey}
aws_secret_access_key=${backups.secretKey}
`;
}

function pluginSettings(store: OffsiteConnection, keyFile: string): Record<string, pulumi.Input<string>> {
  return {
    region: store.region,
    s3Url: store.endpoint,
    s3ForcePathStyle: `${store.addressing === "path"}`,
    // A bucket with a lock refuses what comes without one.
    checksumAlgorithm: "CRC32",
    ...(keyIsOurs(store) && { customerKeyEncryptionFile: keyFile }),
  };
}

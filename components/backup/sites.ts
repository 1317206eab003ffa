import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ObjectStoreConnection } from "../objectStore/connection.ts";
import type { OffsiteConnection } from "../offsite/connection.ts";
import { configurationFiles, secretFiles } from "../workload/configuration.ts";
import type { Configuration } from "../workload/checksum.ts";
import type { EnvironmentValue } from "../workload/container.ts";

/** A place for backups, and what they are encrypted with before they leave the pod. */
interface Site {
  /** rclone's name of it. */
  readonly name: "CLUSTER" | "OFFSITE";
  readonly store: OffsiteConnection;
  readonly cipher: pulumi.Input<string>;
}

type ResticEnvironment = Readonly<Record<string, EnvironmentValue>>;

export interface BackupSitesArgs {
  readonly namespace: pulumi.Input<string>;
  readonly objectStore: ObjectStoreConnection;
  readonly offsite: OffsiteConnection | undefined;
  /** Secrets used: backupCipher; offsiteCipher when there is a second site. */
  readonly credentials: { password(name: "backupCipher" | "offsiteCipher"): pulumi.Output<string> };
}

const workload = "backup";

/** Folder of the stores' authorities: cluster.crt, offsite.crt. Those that public ones vouch for have none. */
const authorities = "/etc/backup-authorities";

/** Where backups go, as rclone in a job's pod knows it: the cluster's object store, and the one off site if there is one. */
export class BackupSites extends pulumi.ComponentResource {
  readonly env: Readonly<Record<string, EnvironmentValue>>;
  /** rclone's remote "SOURCE": the cluster's object store, to be read only. */
  readonly source: Readonly<Record<string, EnvironmentValue>>;
  /** rclone's remotes of the catalogue's buckets. */
  readonly catalogues: Readonly<Record<string, EnvironmentValue>>;
  /** File of the authority that signed the certificate of the cluster's object store; undefined when a public one did. */
  readonly authority: string | undefined;
  readonly mounts = { [authorities]: { volume: "backup-authorities", readOnly: true } };
  readonly volumes: readonly { readonly name: string; readonly configMap: { readonly name: pulumi.Output<string> } }[];
  readonly reads: readonly Configuration[];
  /** URL of the bucket of backups at each site, the cluster's own first. */
  readonly destinations: readonly pulumi.Output<string>[];
  /** The second site for restic; undefined without one. */
  readonly offsite: { readonly destination: pulumi.Output<string>; readonly restic: ResticEnvironment } | undefined;
  /** The cluster's object store and the second site, as scripts/backup/follow.py knows them; undefined without one. */
  readonly followed: Readonly<Record<string, EnvironmentValue>> | undefined;
  /** Buckets are there. */
  readonly ready: readonly pulumi.Input<pulumi.Resource>[];
  private readonly names: readonly Site["name"][];

  constructor(name: string, args: BackupSitesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:BackupSites", name, {}, opts);
    const { namespace, objectStore, offsite, credentials } = args;
    const child = { parent: this };
    const sites: readonly Site[] = [
      { name: "CLUSTER", store: objectStore, cipher: credentials.password("backupCipher") },
      ...(offsite ? [{ name: "OFFSITE" as const, store: offsite, cipher: credentials.password("offsiteCipher") }] : []),
    ];
    const keys = sites.map(({ name: site, store, cipher }) => ({
      [`${site}-access-key`]: store.backups.accessKey,
      [`${site}-secret-key`]: store.backups.secretKey,
      [`${site}-catalogue-access-key`]: store.catalogue.accessKey,
      [`${site}-catalogue-secret-key`]: store.catalogue.secretKey,
      [`${site}-cipher`]: cipher,
    }));
    const secret = secretFiles(
      "backup-sites",
      { namespace, workload, files: Object.assign({}, ...keys) as Record<string, pulumi.Input<string>> },
      child,
    );
    const trusted = sites.map(({ name: site, store }) =>
      store.caCertificate ? { [authorityFile(site)]: store.caCertificate } : {},
    );
    const trust = configurationFiles(
      "backup-authorities",
      { namespace, workload, files: Object.assign({}, ...trusted) as Record<string, pulumi.Input<string>> },
      child,
    );
    const names = sites.map((site) => site.name);
    const rclone = {
      // All of it comes from the environment.
      RCLONE_CONFIG: "/dev/null",
      RCLONE_CACHE_DIR: "/tmp/cache",
      // Beside the image's own list of authorities: rclone is a Go program.
      SSL_CERT_DIR: `${authorities}:/etc/ssl/certs`,
      // In parts, each with its checksum: a store may refuse an object without one when it has a lock.
      RCLONE_S3_UPLOAD_CUTOFF: "0",
      // What a store encrypts has another ETag than rclone expects; what went wrong on the way is seen by each part's checksum.
      RCLONE_S3_USE_MULTIPART_ETAG: "false",
    };
    this.env = {
      SITES: names.join(" "),
      ...rclone,
      ...(Object.assign({}, ...sites.map((site) => siteEnvironment(site, secret))) as object),
    };
    this.catalogues = {
      CATALOGUES: names.map(catalogueOf).join(" "),
      ...rclone,
      ...(Object.assign({}, ...sites.map((site) => catalogueEnvironment(site, secret))) as object),
    };
    this.authority = objectStore.caCertificate && `${authorities}/${authorityFile("CLUSTER")}`;
    this.source = {
      ...remote("SOURCE", objectStore, { secret: secret.metadata.name, keys: "CLUSTER" }),
      // Says that an ETag is no checksum of the contents; rclone would send it along as one.
      RCLONE_CONFIG_SOURCE_SERVER_SIDE_ENCRYPTION: "aws:kms",
    };
    this.volumes = [{ name: "backup-authorities", configMap: { name: trust.metadata.name } }];
    this.reads = [secret, trust];
    this.destinations = sites.map(({ store }) => pulumi.interpolate`${store.endpoint}/${store.backups.bucket}`);
    this.offsite = offsite && {
      destination: pulumi.interpolate`${offsite.endpoint}/${offsite.backups.bucket}`,
      restic: resticEnvironment(offsite, secret.metadata.name),
    };
    this.followed = offsite && followedSites(objectStore, offsite, secret.metadata.name);
    this.ready = sites.flatMap(({ store }) => store.ready);
    this.names = names;
    this.registerOutputs({ sites: names });
  }

  /** For what is encrypted by another pass phrase than that of each site. */
  encryptedBy(cipher: EnvironmentValue): Readonly<Record<string, EnvironmentValue>> {
    return Object.fromEntries(this.names.map((site) => [`CIPHER_${site}`, cipher]));
  }
}

const authorityFile = (site: Site["name"]): string => `${site.toLowerCase()}.crt`;

const catalogueOf = (site: Site["name"]): string => `CATALOGUE_${site}`;

function catalogueEnvironment({ name, store }: Site, keys: k8s.core.v1.Secret): Record<string, EnvironmentValue> {
  const catalogue = catalogueOf(name);
  return {
    [`BUCKET_${catalogue}`]: store.catalogue.bucket,
    ...remote(catalogue, store, { secret: keys.metadata.name, keys: `${name}-catalogue` }),
  };
}

function siteEnvironment({ name, store }: Site, keys: k8s.core.v1.Secret): Record<string, EnvironmentValue> {
  const secret = keys.metadata.name;
  return {
    [`BUCKET_${name}`]: store.backups.bucket,
    [`CIPHER_${name}`]: { secret, key: `${name}-cipher` },
    ...remote(name, store, { secret, keys: name }),
  };
}

/** The folder of volumes' files in the second site's bucket of backups, by the names that restic gives its variables. */
function resticEnvironment(store: OffsiteConnection, secret: pulumi.Input<string>): ResticEnvironment {
  return {
    RESTIC_REPOSITORY: pulumi.interpolate`s3:${store.endpoint}/${store.backups.bucket}/volumes`,
    RESTIC_PASSWORD: { secret, key: "OFFSITE-cipher" },
    AWS_ACCESS_KEY_ID: { secret, key: "OFFSITE-access-key" },
    AWS_SECRET_ACCESS_KEY: { secret, key: "OFFSITE-secret-key" },
    AWS_DEFAULT_REGION: store.region,
    ...(store.caCertificate && { RESTIC_CACERT: `${authorities}/${authorityFile("OFFSITE")}` }),
    RESTIC_CACHE_DIR: "/tmp/cache",
  };
}

/** Where scripts/backup/s3.py finds both, and its keys. */
function followedSites(
  source: OffsiteConnection,
  target: OffsiteConnection,
  secret: pulumi.Input<string>,
): Record<string, EnvironmentValue> {
  const place = ({ endpoint, region, addressing, caCertificate }: OffsiteConnection, site: Site["name"]) => ({
    endpoint,
    region,
    addressing,
    ...(caCertificate && { authority: `${authorities}/${authorityFile(site)}` }),
  });
  return {
    PLACES: pulumi.jsonStringify({ source: place(source, "CLUSTER"), target: place(target, "OFFSITE") }),
    SOURCE_ACCESS_KEY: { secret, key: "CLUSTER-access-key" },
    SOURCE_SECRET_KEY: { secret, key: "CLUSTER-secret-key" },
    TARGET_ACCESS_KEY: { secret, key: "OFFSITE-access-key" },
    TARGET_SECRET_KEY: { secret, key: "OFFSITE-secret-key" },
    TARGET_BUCKET: target.backups.bucket,
    // Nobody but MinIO tells of them to who asks.
    EVENTS: source.addressing === "path" ? "yes" : "no",
  };
}

/** rclone's settings of a remote. */
export function remote(
  name: string,
  store: Pick<OffsiteConnection, "endpoint" | "region" | "addressing">,
  { secret, keys }: { readonly secret: pulumi.Input<string>; readonly keys: string },
): Record<string, EnvironmentValue> {
  const settings: Record<string, EnvironmentValue> = {
    TYPE: "s3",
    PROVIDER: store.addressing === "path" ? "Minio" : "AWS",
    ENDPOINT: store.endpoint,
    REGION: store.region,
    FORCE_PATH_STYLE: `${store.addressing === "path"}`,
    // It exists, and its user may not make one.
    NO_CHECK_BUCKET: "true",
    ACCESS_KEY_ID: { secret, key: `${keys}-access-key` },
    SECRET_ACCESS_KEY: { secret, key: `${keys}-secret-key` },
  };
  return Object.fromEntries(
    Object.entries(settings).map(([setting, value]) => [`RCLONE_CONFIG_${name}_${setting}`, value]),
  );
}

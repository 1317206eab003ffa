import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PatroniSettings } from "../../config/postgres.ts";
import { fingerprints, type RecoveryKeys } from "../backup/keys.ts";
import type { ReadingConnection } from "../objectStore/connection.ts";
import type { OffsiteConnection } from "../offsite/connection.ts";
import { scope } from "../postgres/layout.ts";
import { restoreConfig } from "../postgres/pgbackrestConfig.ts";
import type { Configuration } from "../workload/checksum.ts";
import { configurationFiles, secretFiles } from "../workload/configuration.ts";
import type { EnvironmentValue } from "../workload/container.ts";

/** Whose copies a drill restores. */
export type SiteName = "cluster" | "offsite";

type Environment = Readonly<Record<string, EnvironmentValue>>;

export interface DrillSitesArgs {
  readonly namespace: pulumi.Input<string>;
  readonly workload: string;
  readonly objectStore: ReadingConnection;
  /** The second site, with a user that only reads if there is one. */
  readonly offsite: OffsiteConnection | undefined;
  readonly postgres: PatroniSettings;
  /** Into which Postgres is restored. */
  readonly restoreFolders: Parameters<typeof restoreConfig>[2];
  /** Bucket with the keys of Dify's tenants. */
  readonly difyBucket: string;
  /** Secrets whose fingerprints the records have. */
  readonly keys: RecoveryKeys;
  readonly credentials: {
    password(name: "pgbackrestCipher" | "backupCipher" | "offsiteCipher"): pulumi.Output<string>;
  };
}

/** What a site's copies are read with. */
interface Site {
  readonly name: SiteName;
  readonly store: OffsiteConnection;
  readonly confined: boolean;
  /** Of pgBackRest's repository, and of what else is encrypted before it is uploaded. */
  readonly ciphers: { readonly repository: pulumi.Input<string>; readonly files: pulumi.Input<string> };
}

const authorities = "/etc/drill-authorities";
const repositories = "/etc/drill-repositories";

/** The sites whose backups are tried, as the steps of a drill know them: keys in a Secret of its namespace, everything else as text. */
export class DrillSites extends pulumi.ComponentResource {
  readonly mounts = {
    [authorities]: { volume: "authorities", readOnly: true },
    [repositories]: { volume: "repositories", readOnly: true },
  };
  readonly volumes: readonly { readonly name: string; readonly configMap: { readonly name: pulumi.Output<string> } }[];
  readonly reads: readonly Configuration[];
  readonly ready: readonly pulumi.Input<pulumi.Resource>[];
  private readonly sites: readonly Site[];
  private readonly originals: ReadingConnection["originals"];
  private readonly difyBucket: string;
  private readonly secret: k8s.core.v1.Secret;

  constructor(name: string, args: DrillSitesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:drills:DrillSites", name, {}, opts);
    const { namespace, workload, objectStore, offsite, postgres, restoreFolders, credentials } = args;
    const files = { namespace, workload };
    const child = { parent: this };
    const own = {
      name: "cluster" as const,
      store: objectStore,
      confined: objectStore.confined,
      ciphers: { repository: credentials.password("pgbackrestCipher"), files: credentials.password("backupCipher") },
    };
    this.sites = offsite ? [own, secondSite(offsite, credentials.password("offsiteCipher"))] : [own];
    this.originals = objectStore.originals;
    this.difyBucket = args.difyBucket;
    const keys = this.sites.flatMap(siteKeys);
    const reader = this.originals[0];
    if (reader) keys.push(["originals-access-key", reader.accessKey], ["originals-secret-key", reader.secretKey]);
    keys.push(["fingerprints", pulumi.jsonStringify(fingerprints(args.keys))]);
    this.secret = secretFiles("drill-sites", { ...files, files: Object.fromEntries(keys) }, child);
    const trusted = this.sites.flatMap(({ name: site, store }) =>
      store.caCertificate ? [[`${site}.crt`, store.caCertificate] as const] : [],
    );
    const trust = configurationFiles("drill-authorities", { ...files, files: Object.fromEntries(trusted) }, child);
    const configs = this.sites.map(({ name: site, store }) => {
      const place = { bucket: store.backups.bucket, region: store.region, addressing: store.addressing };
      const authority = store.caCertificate && { authorityFile: authorityFile(site) };
      const text = store.endpoint.apply((endpoint) =>
        restoreConfig(postgres, { endpoint, ...place, ...authority }, restoreFolders),
      );
      return [`${site}.conf`, text] as const;
    });
    const repository = configurationFiles(
      "drill-repositories",
      { ...files, files: Object.fromEntries(configs) },
      child,
    );
    this.volumes = [
      { name: "authorities", configMap: { name: trust.metadata.name } },
      { name: "repositories", configMap: { name: repository.metadata.name } },
    ];
    this.reads = [this.secret, trust, repository];
    this.ready = this.sites.flatMap(({ store }) => store.ready);
    this.registerOutputs({});
  }

  /** The sites as DRILL_SETTINGS describe them, without keys. */
  get settings() {
    return {
      sites: Object.fromEntries(
        this.sites.map(({ name, store, confined }) => [
          name,
          {
            endpoint: store.endpoint,
            region: store.region,
            addressing: store.addressing,
            ...(store.caCertificate && { authority: authorityFile(name) }),
            backups: store.backups.bucket,
            catalogue: store.catalogue.bucket,
            confined,
          },
        ]),
      ),
      originals: this.originals.map(({ bucket }) => bucket),
      difyBucket: this.difyBucket,
    };
  }

  /** Keys of every site's catalogue. */
  get catalogues(): Environment {
    return merged(this.sites.map(({ name }) => this.login(name, "catalogue")));
  }

  /** Keys of a site's backups and records. */
  keysOf(site: SiteName): Environment {
    return { ...this.login(site, "backups"), ...this.login(site, "catalogue") };
  }

  /** Keys of the buckets of which the backups are copies, where drills may read them. */
  get originalKeys(): Environment {
    return this.originals.length > 0 ? this.pair("ORIGINALS", "originals") : {};
  }

  /** SHA-256 of the secrets that are in use: they are in no pod of drills. */
  get fingerprints(): Environment {
    return { FINGERPRINTS: this.key("fingerprints") };
  }

  /** What pgBackRest reads from the environment, with the site's repository as number 1. */
  repositoryOf(site: SiteName): Environment {
    return {
      PGBACKREST_CONFIG: `${repositories}/${site}.conf`,
      PGBACKREST_REPO1_S3_KEY: this.key(`${site}-backups-access-key`),
      PGBACKREST_REPO1_S3_KEY_SECRET: this.key(`${site}-backups-secret-key`),
      PGBACKREST_REPO1_CIPHER_PASS: this.key(`${site}-repository-cipher`),
      STANZA: scope,
    };
  }

  /** rclone's remote "STORE", its bucket, and the pass phrase of the site. */
  remoteOf(site: SiteName): Environment {
    const { store } = this.sites.find(({ name }) => name === site) as Site;
    return {
      RCLONE_CONFIG: "/dev/null",
      RCLONE_CACHE_DIR: "/tmp/cache",
      // Beside the image's own list of authorities: rclone is a Go program.
      SSL_CERT_DIR: `${authorities}:/etc/ssl/certs`,
      RCLONE_CONFIG_STORE_TYPE: "s3",
      RCLONE_CONFIG_STORE_PROVIDER: store.addressing === "path" ? "Minio" : "AWS",
      RCLONE_CONFIG_STORE_ENDPOINT: store.endpoint,
      RCLONE_CONFIG_STORE_REGION: store.region,
      RCLONE_CONFIG_STORE_FORCE_PATH_STYLE: `${store.addressing === "path"}`,
      RCLONE_CONFIG_STORE_NO_CHECK_BUCKET: "true",
      RCLONE_CONFIG_STORE_ACCESS_KEY_ID: this.key(`${site}-backups-access-key`),
      RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: this.key(`${site}-backups-secret-key`),
      BUCKET: store.backups.bucket,
      CIPHER: this.key(`${site}-files-cipher`),
    };
  }

  private login(site: SiteName, role: "backups" | "catalogue"): Environment {
    return this.pair(`${site}_${role}`.toUpperCase(), `${site}-${role}`);
  }

  private pair(variable: string, keys: string): Environment {
    return {
      [`${variable}_ACCESS_KEY`]: this.key(`${keys}-access-key`),
      [`${variable}_SECRET_KEY`]: this.key(`${keys}-secret-key`),
    };
  }

  private key(key: string): EnvironmentValue {
    return { secret: this.secret.metadata.name, key };
  }
}

const authorityFile = (site: SiteName): string => `${authorities}/${site}.crt`;

const merged = (parts: readonly Environment[]): Environment => Object.assign({}, ...parts) as Environment;

function secondSite(store: OffsiteConnection, cipher: pulumi.Input<string>): Site {
  return { name: "offsite", store, confined: false, ciphers: { repository: cipher, files: cipher } };
}

function siteKeys({ name, store, ciphers }: Site): [string, pulumi.Input<string>][] {
  return [
    [`${name}-backups-access-key`, store.backups.accessKey],
    [`${name}-backups-secret-key`, store.backups.secretKey],
    [`${name}-catalogue-access-key`, store.catalogue.accessKey],
    [`${name}-catalogue-secret-key`, store.catalogue.secretKey],
    [`${name}-repository-cipher`, ciphers.repository],
    [`${name}-files-cipher`, ciphers.files],
  ];
}

import type * as pulumi from "@pulumi/pulumi";

/**
 * What a stack tells the outside: the interface that runbooks, pipelines and people read, and nothing else. Flat, so that one
 * value is one output, and a secret makes no other output secret. Renaming one breaks its readers: it is a new major version.
 */
export interface StackOutputs {
  /** Where users reach Dify. */
  readonly url: string;
  /** Version of Dify, such as "1.15.0". */
  readonly difyVersion: string;

  /** Context of the cluster in the kubeconfig of whoever runs the program; left out where it is the current one. */
  readonly clusterContext?: string;
  /** Namespace of Dify's services. */
  readonly appNamespace: pulumi.Output<string>;
  /** Namespace of what holds data. */
  readonly dataNamespace: pulumi.Output<string>;
  /** Namespace of the code of users. */
  readonly sandboxNamespace: pulumi.Output<string>;

  /** Namespace of restore drills; left out where there are none. */
  readonly drillsNamespace?: pulumi.Output<string>;

  /** Address of the database, behind the pooler, inside the cluster. */
  readonly postgresHost: pulumi.Output<string>;
  /** Its port. */
  readonly postgresPort: number;
  /** Database of the API. */
  readonly difyDatabase: string;
  /** Role that owns it. */
  readonly difyDatabaseUser: string;
  /** Password of that role. */
  readonly difyDatabasePassword: pulumi.Output<string>;
  /** Database of the plugin daemon. */
  readonly pluginDatabase: string;
  /** Role that owns it. */
  readonly pluginDatabaseUser: string;
  /** Password of that role. */
  readonly pluginDatabasePassword: pulumi.Output<string>;

  /** Address that always leads to Redis' master, inside the cluster. */
  readonly redisHost: pulumi.Output<string>;
  /** Its port. */
  readonly redisPort: number;
  /** Password of Redis. */
  readonly redisPassword: pulumi.Output<string>;

  /** URL of the object store; of one that runs in the cluster, as it is called there. */
  readonly objectStoreEndpoint: pulumi.Output<string>;
  /** Region that requests are signed for. */
  readonly objectStoreRegion: string;
  /** Buckets as a path of the URL, or as its host. */
  readonly objectStoreAddressing: "path" | "virtual";
  /** Bucket of Dify's files and keys. */
  readonly difyBucket: string;
  /** Bucket of plugins. */
  readonly pluginBucket: string;
  /** Bucket of all backups. */
  readonly backupBucket: string;
  /** Access key of its one user. */
  readonly backupAccessKey: pulumi.Output<string>;
  /** Secret key of that user. */
  readonly backupSecretKey: pulumi.Output<string>;
  /** Bucket of the records of coordinated backups. */
  readonly catalogueBucket: string;
  /** Access key of its one user. */
  readonly catalogueAccessKey: pulumi.Output<string>;
  /** Secret key of that user. */
  readonly catalogueSecretKey: pulumi.Output<string>;
  /** Folder of the backup bucket with a folder for each backup of Postgres; left out where Postgres is run elsewhere. */
  readonly postgresBackups?: string;

  /** URL of the second site's object store. All that begins with offsite is left out where there is none. */
  readonly offsiteEndpoint?: pulumi.Output<string>;
  /** Region that requests there are signed for. */
  readonly offsiteRegion?: string;
  /** Buckets there as a path of the URL, or as its host. */
  readonly offsiteAddressing?: "path" | "virtual";
  /** PEM of the authority that signed its certificate; left out when a public one did. */
  readonly offsiteCertificateAuthority?: pulumi.Output<string>;
  /** Bucket there of the records of coordinated backups. */
  readonly offsiteCatalogueBucket?: string;
  /** Access key of a user of it. */
  readonly offsiteCatalogueAccessKey?: pulumi.Output<string>;
  /** Secret key of that user. */
  readonly offsiteCatalogueSecretKey?: pulumi.Output<string>;
  /** Bucket there of all backups. */
  readonly offsiteBackupBucket?: string;
  /** Access key of a user of it. */
  readonly offsiteBackupAccessKey?: pulumi.Output<string>;
  /** Secret key of that user. */
  readonly offsiteBackupSecretKey?: pulumi.Output<string>;

  /** Seconds within which what is written to Postgres reaches each archive; left out, as those below, where the stack makes no such backups. */
  readonly postgresLogSeconds?: number;
  /** Hours that the newest base backup in the cluster's object store may be old: the longest gap between two runs, and what one may take. */
  readonly postgresBackupHours?: number;
  /** The same of base backups off site. */
  readonly postgresOffsiteBackupHours?: number;
  /** The same of dumps of the databases. */
  readonly postgresDumpHours?: number;
  /** The same of coordinated backups. */
  readonly coordinatedBackupHours?: number;
  /** The same of copies of Dify's files and of plugins. */
  readonly objectsBackupHours: number;
  /** Seconds within which Dify's files and plugins reach the second site; left out where there is none. */
  readonly objectsFollowedSeconds?: number;
  /** The same of snapshots of Redis. */
  readonly redisBackupHours?: number;
  /** The same of bundles of secrets. */
  readonly secretsBackupHours: number;
  /** The same of snapshots of Patroni's etcd. */
  readonly etcdBackupHours?: number;
  /** The same of snapshots of the cluster's own etcd. */
  readonly clusterEtcdBackupHours?: number;
  /** The same of snapshots of vectors in Qdrant. */
  readonly vectorsBackupHours?: number;
  /** The same of copies of volumes at the second site; not set without that, or without snapshots. */
  readonly volumeCopyHours?: number;
  /** The same of edge sites, of the one whose backups are the furthest apart. */
  readonly edgeBackupHours?: number;
  /** Names of edge sites, with a space between. */
  readonly edgeSites?: string;
  /** The same of Velero's daily backups. */
  readonly veleroDailyHours?: number;
  /** The same of Velero's weekly backups, off site. */
  readonly veleroWeeklyHours?: number;

  /** URL of Alertmanager, as it is called inside the cluster; left out where nobody is told of alerts. */
  readonly alertmanagerEndpoint?: string;

  /** Which vector store: pgvector, weaviate, qdrant or milvus. */
  readonly vectorStore: string;

  /** PEM of the authority that signed the certificates between parts. */
  readonly certificateAuthority: pulumi.Output<string>;
  /** Dify's SECRET_KEY. Keep a copy outside: OAuth credentials cannot be read without it. */
  readonly difySecretKey: pulumi.Output<string>;
}

/** Outputs that must be secret. */
export const secretOutputs = [
  "difyDatabasePassword",
  "pluginDatabasePassword",
  "redisPassword",
  "backupSecretKey",
  "catalogueSecretKey",
  "offsiteCatalogueSecretKey",
  "offsiteBackupSecretKey",
  "difySecretKey",
] as const satisfies readonly (keyof StackOutputs)[];

type Value<T> = T extends pulumi.Output<infer Inner> ? Inner : T;

/** The outputs as their readers get them. */
export type OutputValues = { readonly [Name in keyof StackOutputs]: Value<StackOutputs[Name]> };

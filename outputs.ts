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

  /** Address of the database, behind the pooler, inside the cluster. */
  readonly postgresHost: pulumi.Output<string>;
  readonly postgresPort: number;
  /** Database of the API and the role that owns it. */
  readonly difyDatabase: string;
  readonly difyDatabaseUser: string;
  readonly difyDatabasePassword: pulumi.Output<string>;
  /** Database of the plugin daemon and the role that owns it. */
  readonly pluginDatabase: string;
  readonly pluginDatabaseUser: string;
  readonly pluginDatabasePassword: pulumi.Output<string>;

  /** Address that always leads to Redis' master, inside the cluster. */
  readonly redisHost: pulumi.Output<string>;
  readonly redisPort: number;
  readonly redisPassword: pulumi.Output<string>;

  /** URL of the object store; of one that runs in the cluster, as it is called there. */
  readonly objectStoreEndpoint: pulumi.Output<string>;
  /** Region that requests are signed for. */
  readonly objectStoreRegion: string;
  /** Buckets as a path of the URL, or as its host. */
  readonly objectStoreAddressing: "path" | "virtual";
  readonly difyBucket: string;
  readonly pluginBucket: string;
  /** All backups, and the keys of the one user of this bucket. */
  readonly backupBucket: string;
  readonly backupAccessKey: pulumi.Output<string>;
  readonly backupSecretKey: pulumi.Output<string>;
  /** Records of the coordinated backups, and the keys of the one user of this bucket. */
  readonly catalogueBucket: string;
  readonly catalogueAccessKey: pulumi.Output<string>;
  readonly catalogueSecretKey: pulumi.Output<string>;
  /** Folder of the backup bucket with a folder for each backup of Postgres; left out where Postgres is run elsewhere. */
  readonly postgresBackups?: string;

  /** The second site, as the object store; all of it is left out where there is none. */
  readonly offsiteEndpoint?: pulumi.Output<string>;
  readonly offsiteRegion?: string;
  readonly offsiteAddressing?: "path" | "virtual";
  /** PEM of the authority that signed its certificate; left out when a public one did. */
  readonly offsiteCertificateAuthority?: pulumi.Output<string>;
  readonly offsiteCatalogueBucket?: string;
  readonly offsiteCatalogueAccessKey?: pulumi.Output<string>;
  readonly offsiteCatalogueSecretKey?: pulumi.Output<string>;

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
  "difySecretKey",
] as const satisfies readonly (keyof StackOutputs)[];

type Value<T> = T extends pulumi.Output<infer Inner> ? Inner : T;

/** The outputs as their readers get them. */
export type OutputValues = { readonly [Name in keyof StackOutputs]: Value<StackOutputs[Name]> };

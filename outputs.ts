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

  /** URL of the object store, inside the cluster. */
  readonly objectStoreEndpoint: pulumi.Output<string>;
  readonly difyBucket: string;
  readonly pluginBucket: string;
  readonly backupBucket: string;
  readonly catalogueBucket: string;

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
  "difySecretKey",
] as const satisfies readonly (keyof StackOutputs)[];

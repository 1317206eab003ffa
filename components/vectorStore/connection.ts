import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** What Dify needs to know of the vector store: the variables of its environment, split by secrecy. */
export interface VectorStoreConnection {
  /** VECTOR_STORE and all that is no secret. */
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
  /** Clients depend on it. */
  readonly ready: pulumi.Input<pulumi.Resource>[];
}

/** What backups need to know of a vector store whose members each tell their own part: Qdrant. */
export interface VectorStoreBackupAccess {
  /** URL of each member. */
  readonly members: readonly string[];
  /** Has the key of the API under "apiKey". */
  readonly secret: k8s.core.v1.Secret;
  readonly ready: pulumi.Input<pulumi.Resource>[];
}

import type * as pulumi from "@pulumi/pulumi";

/** What Dify needs to know of the vector store: the variables of its environment, split by secrecy. */
export interface VectorStoreConnection {
  /** VECTOR_STORE and all that is no secret. */
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
  /** Clients depend on it. */
  readonly ready: pulumi.Input<pulumi.Resource>[];
}

import type * as pulumi from "@pulumi/pulumi";

/** What Dify needs to know of the vector store: the variables of its environment, split by secrecy. */
export interface VectorStoreConnection {
  /** VECTOR_STORE and all that is no secret. */
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
  /** Workload that the API and workers must reach (a name in the table of flows) and its ports; undefined when it is outside. */
  readonly target: { readonly workload: string; readonly ports: readonly number[] } | undefined;
  /** Clients depend on it. */
  readonly ready: pulumi.Input<pulumi.Resource>[];
}

import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { MilvusSettings, VectorStoreSettings } from "../../config/vectorStore.ts";
import type { PostgresConnection } from "../postgres/connection.ts";
import type { VectorStoreBackupAccess, VectorStoreConnection } from "./connection.ts";
import { Qdrant } from "./qdrant.ts";
import { Weaviate } from "./weaviate.ts";

export interface VectorStoreArgs {
  readonly cluster: ClusterSettings;
  /** Namespace of the members, for stores that run in the cluster. */
  readonly namespace: pulumi.Input<string>;
  readonly settings: VectorStoreSettings;
  /** Used by pgvector. */
  readonly postgres: PostgresConnection;
  /** API key or token; asked for by every kind but pgvector. */
  readonly key: () => pulumi.Input<string>;
  readonly after?: readonly pulumi.Input<pulumi.Resource>[];
}

/** Vectors in PostgreSQL: the database of the API, where the extension is installed by the bootstrap. */
export function pgvectorConnection({ host, port, dify, ready }: PostgresConnection): VectorStoreConnection {
  return {
    environment: {
      VECTOR_STORE: "pgvector",
      PGVECTOR_HOST: host,
      PGVECTOR_PORT: `${port}`,
      PGVECTOR_USER: dify.user,
      PGVECTOR_DATABASE: dify.database,
      PGVECTOR_MIN_CONNECTION: "1",
      PGVECTOR_MAX_CONNECTION: "5",
    },
    secrets: { PGVECTOR_PASSWORD: dify.password },
    ready,
  };
}

/** Vectors in a Milvus that is run elsewhere. */
export function milvusConnection(settings: MilvusSettings, token: pulumi.Input<string>): VectorStoreConnection {
  return {
    environment: {
      VECTOR_STORE: "milvus",
      MILVUS_URI: `${settings.tls ? "https" : "http"}://${settings.host}:${settings.port}`,
      MILVUS_DATABASE: settings.database,
    },
    secrets: { MILVUS_TOKEN: pulumi.secret(token) },
    ready: [],
  };
}

/** The vector store that the settings choose. */
export class VectorStore extends pulumi.ComponentResource {
  readonly connection: VectorStoreConnection;
  /** Undefined when it is backed up with something else, or by somebody else, or not yet. */
  readonly backup: VectorStoreBackupAccess | undefined;

  constructor(name: string, args: VectorStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:vectorStore:VectorStore", name, { settings: args.settings }, opts);
    const { connection, backup } = this.choose(args);
    this.connection = connection;
    this.backup = backup;
    this.registerOutputs({ kind: args.settings.kind });
  }

  private choose({
    settings,
    key,
    postgres,
    ...common
  }: VectorStoreArgs): Pick<VectorStore, "connection"> & Partial<Pick<Qdrant, "backup">> {
    const child = { parent: this };
    switch (settings.kind) {
      case "pgvector":
        return { connection: pgvectorConnection(postgres) };
      case "weaviate":
        return new Weaviate("weaviate", { ...common, settings, apiKey: key() }, child);
      case "qdrant":
        return new Qdrant("qdrant", { ...common, settings, apiKey: key() }, child);
      case "milvus":
        return { connection: milvusConnection(settings, key()) };
    }
  }
}

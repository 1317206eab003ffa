import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { VectorStore } from "../../../components/vectorStore/vectorStore.ts";
import type { VectorStoreConnection } from "../../../components/vectorStore/connection.ts";
import { clusterSettings } from "../../../config/cluster.ts";
import { vectorStoreSettings } from "../../../config/vectorStore.ts";
import { at, declare, find } from "../../support/mocks.ts";

const login = (database: string) => ({ database, user: database, password: pulumi.secret("of the database") });

/** Declares a store and returns its resources and what it tells Dify. */
async function deploy(settings: object) {
  let connection: VectorStoreConnection | undefined;
  const resources = await declare(() => {
    connection = new VectorStore("vector-store", {
      cluster: clusterSettings.parse({}),
      namespace: "dify-data",
      settings: vectorStoreSettings.parse(settings),
      postgres: {
        host: pulumi.output("pgbouncer.dify-data.svc.cluster.local"),
        port: 6432,
        dify: login("dify"),
        plugin: login("dify_plugin"),
        caCertificate: undefined,
        pooled: true,
        ready: [],
      },
      key: () => "the key of the store",
    }).connection;
  });
  if (!connection) throw new Error("the component has no connection");
  return { resources, environment: connection.environment, secrets: Object.keys(connection.secrets) };
}

describe("pgvector", () => {
  it("uses the database of the API and declares nothing", async () => {
    const { resources, environment, secrets } = await deploy({ kind: "pgvector" });
    expect(environment).toMatchObject({ VECTOR_STORE: "pgvector", PGVECTOR_PORT: "6432", PGVECTOR_DATABASE: "dify" });
    expect(secrets).toEqual(["PGVECTOR_PASSWORD"]);
    expect(resources.filter((r) => r.type.startsWith("kubernetes:"))).toEqual([]);
  });
});

describe("weaviate", () => {
  it("asks for a key, and keeps a copy of each collection on every member", async () => {
    const { resources, environment, secrets } = await deploy({ kind: "weaviate" });
    expect(environment).toMatchObject({
      WEAVIATE_ENDPOINT: "http://weaviate.dify-data.svc.cluster.local:8080",
      WEAVIATE_GRPC_ENDPOINT: "grpc://weaviate.dify-data.svc.cluster.local:50051",
    });
    expect(secrets).toEqual(["WEAVIATE_API_KEY"]);
    const env = at(find(resources, "StatefulSet", "weaviate").inputs, "spec.template.spec.containers.0.env");
    expect(env).toContainEqual({ name: "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED", value: "false" });
    expect(env).toContainEqual({ name: "REPLICATION_MINIMUM_FACTOR", value: "3" });
    expect(env).toContainEqual({ name: "RAFT_JOIN", value: "weaviate-0,weaviate-1,weaviate-2" });
  });
});

describe("qdrant", () => {
  it("keeps each vector twice", async () =>
    expect((await deploy({ kind: "qdrant" })).environment).toMatchObject({ QDRANT_REPLICATION_FACTOR: "2" }));
  it("keeps it once when there is one member", async () =>
    expect((await deploy({ kind: "qdrant", members: 1 })).environment).toMatchObject({
      QDRANT_REPLICATION_FACTOR: "1",
    }));
});

describe("milvus", () => {
  it("is one that runs elsewhere", async () => {
    const { resources, environment, secrets } = await deploy({ kind: "milvus", host: "milvus.example.com" });
    expect(environment).toMatchObject({ MILVUS_URI: "https://milvus.example.com:19530", MILVUS_DATABASE: "default" });
    expect(secrets).toEqual(["MILVUS_TOKEN"]);
    expect(resources.filter((r) => r.type.startsWith("kubernetes:"))).toEqual([]);
  });
});

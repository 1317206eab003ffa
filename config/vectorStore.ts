import { z } from "zod";
import { bytes, image, resources } from "./units.ts";

/** Odd, so that a majority survives the loss of one. */
const members = z
  .number()
  .int()
  .min(1)
  .max(7)
  .refine((n) => n % 2 === 1, "must be odd")
  .default(3);

/** In the database of the Dify API: as available as PostgreSQL, and restored to the same instant by the same backup. */
const pgvector = z.strictObject({
  /** Which store: `pgvector` in PostgreSQL, `weaviate` or `qdrant` run here, `milvus` run elsewhere. */
  kind: z.literal("pgvector"),
});

const weaviate = z.strictObject({
  kind: z.literal("weaviate"),
  /** Image of the store. */
  image: image.default("semitechnologies/weaviate:1.27.0"),
  members,
  /** Volume of each member. */
  storage: bytes.default("20Gi"),
  resources: resources("500m", "2Gi"),
});

const qdrant = z.strictObject({
  kind: z.literal("qdrant"),
  /** For Qdrant the variant that does not run as root. */
  image: image.default("qdrant/qdrant:v1.15.4-unprivileged"),
  members,
  /** Volume of each member. */
  storage: bytes.default("20Gi"),
  resources: resources("500m", "2Gi"),
});

/** A Milvus that is run elsewhere; its token ("user:password") is secrets:vectorStoreKey. */
const milvus = z.strictObject({
  kind: z.literal("milvus"),
  /** Name or address of Milvus. */
  host: z.string().min(1),
  /** Port of Milvus. */
  port: z.number().int().min(1).max(65535).default(19530),
  /** Connect with TLS. */
  tls: z.boolean().default(true),
  /** Milvus' own database, in place of "default". */
  database: z.string().min(1).default("default"),
});

/** Where vectors are kept; chosen by `kind`. */
export const vectorStoreSettings = z
  .discriminatedUnion("kind", [pgvector, weaviate, qdrant, milvus])
  .prefault({ kind: "pgvector" });

export type VectorStoreSettings = z.infer<typeof vectorStoreSettings>;
export type WeaviateSettings = z.infer<typeof weaviate>;
export type QdrantSettings = z.infer<typeof qdrant>;
export type MilvusSettings = z.infer<typeof milvus>;

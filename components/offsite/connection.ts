import type { ObjectStoreConnection } from "../objectStore/connection.ts";

/** What backups need to know of the second site: its buckets are locked, and the users of theirs cannot delete a version. */
export type OffsiteConnection = Pick<
  ObjectStoreConnection,
  "endpoint" | "region" | "addressing" | "caCertificate" | "backups" | "catalogue" | "ready"
>;

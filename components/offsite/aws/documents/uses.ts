import type { AwsNames } from "../names.ts";
import { keyActions, type KeyUse } from "./key.ts";

/** Who uses the key of the region that backups are written to: each writer for its bucket, the reader and the replication for both. */
export function homeUses({ actors, buckets: { home } }: Pick<AwsNames, "actors" | "buckets">): KeyUse[] {
  const both = Object.values(home);
  return [
    { kind: "user", name: actors.backups, actions: keyActions.write, buckets: [home.backups] },
    { kind: "user", name: actors.catalogue, actions: keyActions.write, buckets: [home.catalogue] },
    { kind: "user", name: actors.reader, actions: keyActions.read, buckets: both },
    { kind: "role", name: actors.replication, actions: keyActions.read, buckets: both },
  ];
}

/** The same of the other region, where nobody writes but the replication. */
export function replicaUses({ actors, buckets: { replica } }: Pick<AwsNames, "actors" | "buckets">): KeyUse[] {
  const both = Object.values(replica);
  return [
    { kind: "user", name: actors.reader, actions: keyActions.read, buckets: both },
    { kind: "role", name: actors.replication, actions: keyActions.replicate, buckets: both },
  ];
}

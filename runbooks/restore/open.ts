import { z } from "zod";
import { Failure } from "../../local/failure.ts";
import { clusterConfig } from "../cluster.ts";
import { catalogueOutputs, openCatalogue, type OpenCatalogue } from "../catalogue/open.ts";
import type { Bucket } from "../objectStore/bucket.ts";
import { ownBucket } from "../objectStore/sites.ts";
import type { OutputNames, ReadOutputs } from "../outputs.ts";
import { RestoreCluster } from "./cluster.ts";
import { PostgresMembers } from "./postgres.ts";

/** Outputs that a restore reads. */
export const restoreOutputs = {
  needed: [...catalogueOutputs.needed, "appNamespace", "difyBucket"],
  optional: catalogueOutputs.optional,
} as const satisfies OutputNames;

/** What is known of a stack beside its outputs, kept in its cluster for the records of backups. */
const factsSchema = z.object({ stack: z.string(), fingerprints: z.record(z.string(), z.string()) });

/** All that a restore deals with. */
export interface Restoration {
  readonly cluster: RestoreCluster;
  readonly members: PostgresMembers;
  readonly catalogue: OpenCatalogue;
  /** Dify's files, to be read. */
  readonly files: Bucket;
  /** Name of the stack, and SHA-256 of each of its keys. */
  readonly facts: z.infer<typeof factsSchema>;
  /** Whether there is a second site. */
  readonly hasOffsite: boolean;
}

/** @throws Failure when the cluster does not answer, or is not one of this program's. */
export async function openRestoration(outputs: ReadOutputs<typeof restoreOutputs>): Promise<Restoration> {
  const namespaces = { app: outputs.appNamespace, data: outputs.dataNamespace };
  const config = clusterConfig(outputs.clusterContext);
  const cluster = new RestoreCluster(config, namespaces);
  const where = { name: "backup-facts", namespace: namespaces.data };
  const secret = await cluster.present(() => cluster.core.readNamespacedSecret(where));
  const text = secret?.data?.["facts.json"];
  if (!text)
    throw new Failure(
      `There is no Secret ${where.name} in ${where.namespace}: run pulumi up once, then restore into it.`,
    );
  return {
    cluster,
    members: new PostgresMembers(cluster),
    catalogue: openCatalogue(outputs),
    // The user of backups reads what it makes them of.
    files: ownBucket(
      outputs,
      { bucket: outputs.difyBucket, accessKey: outputs.backupAccessKey, secretKey: outputs.backupSecretKey },
      () => config,
    ),
    facts: factsSchema.parse(JSON.parse(Buffer.from(text, "base64").toString("utf8"))),
    hasOffsite: outputs.offsiteEndpoint !== undefined,
  };
}

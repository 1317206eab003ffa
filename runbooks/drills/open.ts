import type { KubeConfig } from "@kubernetes/client-node";
import { clusterConfig } from "../cluster.ts";
import type { Bucket } from "../objectStore/bucket.ts";
import { ownBucket, ownStoreOutputs } from "../objectStore/sites.ts";
import type { OutputNames, ReadOutputs } from "../outputs.ts";

/** Outputs that say where drills run, and where their results lie. */
export const drillOutputs = {
  needed: [...ownStoreOutputs, "catalogueBucket", "catalogueAccessKey", "catalogueSecretKey"],
  optional: ["clusterContext", "drillsNamespace"],
} as const satisfies OutputNames;

export type DrillOutputs = ReadOutputs<typeof drillOutputs>;

/** The drills of a stack. Nothing is asked before it is used. */
export interface OpenDrills {
  /** Bucket of the catalogue, beside whose records the results lie. */
  readonly bucket: Bucket;
  /** Undefined where the stack has none. */
  readonly namespace: string | undefined;
  readonly cluster: () => KubeConfig;
}

export function openDrills(outputs: DrillOutputs): OpenDrills {
  let config: KubeConfig | undefined;
  const cluster = () => (config ??= clusterConfig(outputs.clusterContext));
  const { catalogueBucket: bucket, catalogueAccessKey: accessKey, catalogueSecretKey: secretKey } = outputs;
  return {
    bucket: ownBucket(outputs, { bucket, accessKey, secretKey }, cluster),
    namespace: outputs.drillsNamespace,
    cluster,
  };
}

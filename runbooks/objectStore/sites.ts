import type { KubeConfig } from "@kubernetes/client-node";
import type { OutputNames, ReadOutputs } from "../outputs.ts";
import { Bucket } from "./bucket.ts";
import { serviceOf } from "./forward.ts";

/** Outputs that say where the cluster's object store is. */
export const ownStoreOutputs = [
  "objectStoreEndpoint",
  "objectStoreRegion",
  "objectStoreAddressing",
  "certificateAuthority",
] as const satisfies OutputNames["needed"];

/** Outputs that say where the second site is. */
export const offsiteStoreOutputs = [
  "offsiteEndpoint",
  "offsiteRegion",
  "offsiteAddressing",
  "offsiteCertificateAuthority",
] as const satisfies OutputNames["optional"];

interface Names extends OutputNames {
  readonly needed: typeof ownStoreOutputs;
  readonly optional: typeof offsiteStoreOutputs;
}
export type StoreOutputs = ReadOutputs<Names>;

/** A bucket and the keys of a user that may read it. */
export interface BucketKeys {
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A bucket of the cluster's object store. */
export function ownBucket(outputs: StoreOutputs, keys: BucketKeys, cluster: () => KubeConfig): Bucket {
  const { objectStoreEndpoint: endpoint, objectStoreRegion: region, objectStoreAddressing: addressing } = outputs;
  // A store in the cluster has a certificate of the stack's own authority; elsewhere a public one signed it.
  const authority = serviceOf(endpoint) && outputs.certificateAuthority;
  return new Bucket({ endpoint, region, addressing, ...keys, authority }, cluster);
}

/** A bucket of the second site; undefined where there is none. */
export function offsiteBucket(
  outputs: StoreOutputs,
  { bucket, accessKey, secretKey }: { readonly [Name in keyof BucketKeys]: BucketKeys[Name] | undefined },
  cluster: () => KubeConfig,
): Bucket | undefined {
  const {
    offsiteEndpoint: endpoint,
    offsiteRegion: region = "us-east-1",
    offsiteAddressing: addressing = "path",
    offsiteCertificateAuthority: authority,
  } = outputs;
  if (!endpoint || !bucket || !accessKey || !secretKey) return undefined;
  return new Bucket({ endpoint, region, addressing, bucket, accessKey, secretKey, authority }, cluster);
}

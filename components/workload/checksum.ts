import { createHash } from "node:crypto";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** A ConfigMap or Secret that pods read. */
export type Configuration = k8s.core.v1.ConfigMap | k8s.core.v1.Secret;

/** Annotation that carries the checksum of what a pod reads. */
export const checksumAnnotation = "dify-ha/configuration-checksum";

/**
 * Checksum of all that a pod reads from ConfigMaps and Secrets: it stands in the pod template, so that a change rolls exactly
 * the readers. Of a Secret it is `data` that counts, as the cluster holds it: `stringData` is never read back. Only the hash
 * leaves the secrets.
 */
export function configurationChecksum(configurations: readonly Configuration[]): pulumi.Output<string> {
  const contents = pulumi.all(configurations.map(({ data }) => data));
  return pulumi.unsecret(
    contents.apply((all) => createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, 32)),
  );
}

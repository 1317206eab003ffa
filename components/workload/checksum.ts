import { createHash } from "node:crypto";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** A ConfigMap or Secret that pods read. */
export type Configuration = k8s.core.v1.ConfigMap | k8s.core.v1.Secret;

/** Annotation that carries the checksum of what a pod reads. */
export const checksumAnnotation = "dify-ha/configuration-checksum";

/**
 * Checksum of all that a pod reads from ConfigMaps and Secrets: it stands in the pod template, so that a change rolls exactly
 * the readers. Only the hash leaves the secrets.
 */
export function configurationChecksum(configurations: readonly Configuration[]): pulumi.Output<string> {
  const contents = configurations.map((c) => pulumi.all([c.data, "stringData" in c ? c.stringData : undefined]));
  return pulumi.unsecret(
    pulumi.all(contents).apply((all) => createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, 32)),
  );
}

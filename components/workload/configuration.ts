import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { workloadLabels } from "./labels.ts";

/** Files as pods read them: name to text. */
export interface ConfigurationFiles {
  readonly namespace: pulumi.Input<string>;
  /** Workload that it belongs to. */
  readonly workload: string;
  readonly files: Readonly<Record<string, pulumi.Input<string>>>;
}

/** A ConfigMap under an explicit name. */
export function configurationFiles(
  name: string,
  { namespace, workload, files }: ConfigurationFiles,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.ConfigMap {
  return new k8s.core.v1.ConfigMap(
    name,
    { metadata: { name, namespace, labels: { ...workloadLabels(workload) } }, data: { ...files } },
    opts,
  );
}

/** Mode of a Secret's files in a pod: they belong to root, and the pod's group reads them. */
export const secretMode = 0o440;

/** A Secret under an explicit name. */
export function secretFiles(
  name: string,
  { namespace, workload, files }: ConfigurationFiles,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Secret {
  return new k8s.core.v1.Secret(
    name,
    { metadata: { name, namespace, labels: { ...workloadLabels(workload) } }, stringData: { ...files } },
    opts,
  );
}

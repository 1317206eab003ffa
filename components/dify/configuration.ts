import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { workloadLabels } from "../workload/labels.ts";
import { authorityFiles } from "./environment/authorities.ts";
import { difyEnvironment, type DifyEnvironmentArgs } from "./environment/dify.ts";
import type { Environment } from "./environment/environment.ts";

/** Text of a script that runs in a pod. */
export function script(name: string): string {
  return readFileSync(new URL(`../../scripts/dify/${name}`, import.meta.url), "utf8");
}

/** Puts an environment into a ConfigMap and a Secret of one name, for `envFrom`. */
export function storeEnvironment(
  name: string,
  args: { readonly namespace: pulumi.Input<string>; readonly environment: Environment },
  opts: pulumi.CustomResourceOptions,
): readonly [k8s.core.v1.ConfigMap, k8s.core.v1.Secret] {
  const metadata = { name, namespace: args.namespace, labels: { ...workloadLabels(name) } };
  return [
    new k8s.core.v1.ConfigMap(name, { metadata, data: { ...args.environment.plain } }, opts),
    new k8s.core.v1.Secret(name, { metadata, stringData: { ...args.environment.secret } }, opts),
  ];
}

export interface DifyConfigurationArgs extends DifyEnvironmentArgs {
  readonly namespace: pulumi.Input<string>;
}

/**
 * What the pods of the API's image read: their common environment, the authorities of the servers that they call, and the
 * scripts of their probes.
 */
export class DifyConfiguration extends pulumi.ComponentResource {
  readonly environment: readonly [k8s.core.v1.ConfigMap, k8s.core.v1.Secret];
  readonly authorities: k8s.core.v1.ConfigMap;
  readonly scripts: k8s.core.v1.ConfigMap;

  constructor(name: string, args: DifyConfigurationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:DifyConfiguration", name, {}, opts);
    const child = { parent: this };
    const metadata = (of: string) => ({ name: of, namespace: args.namespace, labels: { ...workloadLabels(of) } });
    this.environment = storeEnvironment(
      "dify-environment",
      { namespace: args.namespace, environment: difyEnvironment(args) },
      child,
    );
    this.authorities = new k8s.core.v1.ConfigMap(
      "dify-authorities",
      { metadata: metadata("dify-authorities"), data: authorityFiles(args.connections) },
      child,
    );
    this.scripts = new k8s.core.v1.ConfigMap(
      "dify-scripts",
      { metadata: metadata("dify-scripts"), data: { "celery.sh": script("celery.sh") } },
      child,
    );
    this.registerOutputs({ environment: this.environment[0].metadata.name });
  }
}

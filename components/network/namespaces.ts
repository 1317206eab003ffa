import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import { backupKeys } from "../workload/backupKeys.ts";

/** What runs apart: Dify's services, what holds data, the code of users, and backups that are restored for trial. */
export type Area = "app" | "data" | "sandbox" | "drills";

/** Areas in which something stays. */
export type LastingArea = Exclude<Area, "drills">;

/** Name of each area's namespace: known before anything is registered, for addresses inside configuration files. */
export function namespaceNames({ prefix }: Pick<ClusterSettings, "prefix">): Readonly<Record<Area, string>> {
  return { app: prefix, data: `${prefix}-data`, sandbox: `${prefix}-sandbox`, drills: `${prefix}-drills` };
}

/** Pod Security level that a namespace enforces. Dify's sandbox starts as root, to lock the code of users in: nothing else may share its namespace. */
const podSecurity: Readonly<Record<Area, "restricted" | "baseline">> = {
  app: "restricted",
  data: "restricted",
  sandbox: "baseline",
  drills: "restricted",
};

export interface NamespacesArgs {
  readonly cluster: ClusterSettings;
  /** Label the namespaces for a mesh: pods of Dify's services get a proxy, no others do. @default false */
  readonly mesh?: boolean;
}

/** The namespaces of an environment, each with the Pod Security level that it enforces. */
export class Namespaces extends pulumi.ComponentResource {
  /** Names that carry the dependency: what is put into a namespace waits for it. */
  readonly names: Readonly<Record<Area, pulumi.Output<string>>>;

  constructor(name: string, args: NamespacesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:network:Namespaces", name, args, opts);
    const names = namespaceNames(args.cluster);
    const declare = (area: Area) =>
      new k8s.core.v1.Namespace(
        names[area],
        {
          metadata: {
            name: names[area],
            labels: {
              "app.kubernetes.io/part-of": "dify-ha",
              "pod-security.kubernetes.io/enforce": podSecurity[area],
              "pod-security.kubernetes.io/audit": "restricted",
              "pod-security.kubernetes.io/warn": "restricted",
              ...(args.mesh && { "istio-injection": area === "app" ? "enabled" : "disabled" }),
            },
            ...(area === "drills" && { annotations: { [backupKeys.method]: "none" } }),
          },
        },
        { parent: this, protect: args.cluster.protect, retainOnDelete: args.cluster.retain },
      ).metadata.name;
    this.names = { app: declare("app"), data: declare("data"), sandbox: declare("sandbox"), drills: declare("drills") };
    this.registerOutputs({ names: this.names });
  }
}

import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../../config/cluster.ts";
import type { LastingArea } from "../../network/namespaces.ts";
import { accountWith, grant, grantInCluster, type Holder } from "../../workload/account.ts";
import { clusterKinds, namespacedKinds, rulesFor } from "./kinds.ts";

/** The namespace is the server's. */
export interface VeleroAccountArgs extends Holder {
  readonly cluster: Pick<ClusterSettings, "prefix">;
  /** Namespaces that it backs up. */
  readonly namespaces: Readonly<Record<LastingArea, pulumi.Input<string>>>;
  /** It runs commands in pods. */
  readonly hooks: boolean;
  /** It may write what it has backed up. */
  readonly restores: boolean;
}

type Rule = types.input.rbac.v1.PolicyRule;

const read = ["get", "list"];
const write = ["create", "update", "patch"];

/** In its own namespace: its API, and what it keeps beside it. */
const own: Rule[] = [
  {
    apiGroups: ["velero.io"],
    resources: ["*"],
    verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
  },
  { apiGroups: [""], resources: ["secrets", "configmaps", "pods"], verbs: ["get", "list", "watch"] },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
  { apiGroups: ["apps"], resources: ["daemonsets"], verbs: ["get", "list", "watch"] },
  { apiGroups: ["batch"], resources: ["jobs"], verbs: ["get", "list", "watch"] },
];

/**
 * The account that Velero's server has. Velero itself asks for everything in the whole cluster (cluster-admin); this one reads what is backed up in the
 * stack's namespaces, by kind, and writes there only when it is to restore.
 */
export class VeleroAccount extends pulumi.ComponentResource {
  /** Name of the account; it carries the dependency on its rights. */
  readonly account: pulumi.Output<string>;

  constructor(name: string, args: VeleroAccountArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:VeleroAccount", name, {}, opts);
    const { cluster, namespace, namespaces, workload, hooks, restores } = args;
    const child = { parent: this };
    const within = (part: string, target: pulumi.Input<string>, rules: Rule[]) =>
      grant(args, { namespace: target, rules, name: `${workload}-${part}` }, child);
    const verbs = [...read, ...(restores ? write : [])];
    const inNamespace: Rule[] = [
      ...rulesFor(namespacedKinds, verbs),
      ...podRules,
      ...(hooks ? commandRules : []),
      ...(restores ? restoreRules : []),
    ];
    const rights = [
      ...Object.entries(namespaces).map(([area, target]) => within(area, target, inNamespace)),
      within("own", namespace, own),
      grantInCluster(args, { cluster, rules: [...rulesFor(clusterKinds, verbs), ...clusterReads] }, child),
    ];
    this.account = accountWith(args, rights, child);
    this.registerOutputs({});
  }
}

/** Which pods have which claims: without that a backup fails, also one that has no volumes. */
const podRules: Rule[] = [{ apiGroups: [""], resources: ["pods"], verbs: read }];

/** Commands in pods that are backed up. */
const commandRules: Rule[] = [{ apiGroups: [""], resources: ["pods/exec"], verbs: ["create"] }];

/** A role that is put back may hold rights that the server itself has not. */
const restoreRules: Rule[] = [
  { apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles"], verbs: ["escalate", "bind"] },
];

/**
 * What Velero reads in the whole cluster beside what it backs up. Each was refused first, and the backup failed: what an account may do in the whole
 * cluster, the definition of each kind (there is one or there is none), which namespaces there are.
 */
const clusterReads: Rule[] = [
  { apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles", "clusterrolebindings"], verbs: read },
  { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: ["get"] },
  { apiGroups: [""], resources: ["namespaces"], verbs: ["watch"] },
];

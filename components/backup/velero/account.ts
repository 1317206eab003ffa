import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../../config/cluster.ts";
import type { LastingArea } from "../../network/namespaces.ts";
import { workloadLabels } from "../../workload/labels.ts";
import { clusterKinds, namespacedKinds, rulesFor } from "./kinds.ts";

export interface VeleroAccountArgs {
  readonly cluster: Pick<ClusterSettings, "prefix">;
  /** Namespace of the server. */
  readonly namespace: pulumi.Input<string>;
  /** Namespaces that it backs up. */
  readonly namespaces: Readonly<Record<LastingArea, pulumi.Input<string>>>;
  /** Its workload: the account has this name. */
  readonly workload: string;
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
  private readonly args: VeleroAccountArgs;

  constructor(name: string, args: VeleroAccountArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:VeleroAccount", name, {}, opts);
    this.args = args;
    const { namespace, namespaces, workload, hooks, restores } = args;
    const account = new k8s.core.v1.ServiceAccount(
      workload,
      { metadata: this.metadata(namespace), automountServiceAccountToken: false },
      { parent: this },
    );
    const verbs = [...read, ...(restores ? write : [])];
    const inNamespace: Rule[] = [
      ...rulesFor(namespacedKinds, verbs),
      ...podRules,
      ...(hooks ? commandRules : []),
      ...(restores ? restoreRules : []),
    ];
    const rights = [
      ...Object.entries(namespaces).map(([area, target]) => this.inNamespace(area, target, inNamespace)),
      this.inNamespace("own", namespace, own),
      this.inCluster([...rulesFor(clusterKinds, verbs), ...clusterReads]),
    ];
    const given = pulumi.all(rights.map(({ id }) => id));
    this.account = pulumi.all([account.metadata.name, given]).apply(([accountName]) => accountName);
    this.registerOutputs({});
  }

  private metadata(namespace: pulumi.Input<string>, name: string = this.args.workload) {
    return { name, namespace, labels: { ...workloadLabels(this.args.workload) } };
  }

  private get subjects() {
    return [{ kind: "ServiceAccount", name: this.args.workload, namespace: this.args.namespace }];
  }

  private inNamespace(part: string, namespace: pulumi.Input<string>, rules: Rule[]): k8s.rbac.v1.RoleBinding {
    const metadata = this.metadata(namespace, `${this.args.workload}-${part}`);
    const child = { parent: this };
    const role = new k8s.rbac.v1.Role(metadata.name, { metadata, rules }, child);
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name };
    return new k8s.rbac.v1.RoleBinding(metadata.name, { metadata, roleRef, subjects: this.subjects }, child);
  }

  private inCluster(rules: Rule[]): k8s.rbac.v1.ClusterRoleBinding {
    const { workload, cluster } = this.args;
    // No namespace keeps those of two environments apart.
    const metadata = { name: `${cluster.prefix}-${workload}`, labels: { ...workloadLabels(workload) } };
    const child = { parent: this };
    const role = new k8s.rbac.v1.ClusterRole(workload, { metadata, rules }, child);
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name };
    return new k8s.rbac.v1.ClusterRoleBinding(workload, { metadata, roleRef, subjects: this.subjects }, child);
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

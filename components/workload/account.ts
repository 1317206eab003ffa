import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import { workloadLabels } from "./labels.ts";

/** Pods of a workload, by their account, which has the workload's name. */
export interface Holder {
  readonly namespace: pulumi.Input<string>;
  readonly workload: string;
}

type Rules = k8s.types.input.rbac.v1.PolicyRule[];

/** What pods of a workload may ask of the API server, in their own namespace. */
export interface AccountArgs extends Holder {
  readonly rules: Rules;
}

/** Name of an account that may do what the rules say, once it may. */
export function account(args: AccountArgs, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
  const { namespace, rules } = args;
  return accountWith(args, [grant(args, { namespace, rules }, opts)], opts);
}

/** Name of an account, once it has what is given to it. Its token is in the pods that ask for one. */
export function accountWith(
  { namespace, workload }: Holder,
  given: readonly pulumi.CustomResource[],
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const metadata = { name: workload, namespace, labels: { ...workloadLabels(workload) } };
  const made = new k8s.core.v1.ServiceAccount(workload, { metadata, automountServiceAccountToken: false }, opts);
  return pulumi.all([made.metadata.name, pulumi.all(given.map(({ id }) => id))]).apply(([name]) => name);
}

export interface GrantArgs {
  /** In which the rules hold. */
  readonly namespace: pulumi.Input<string>;
  readonly rules: Rules;
  /** Of role and binding. @default the workload's name */
  readonly name?: string;
}

/** Lets a workload's pods do what the rules say in a namespace. */
export function grant(
  holder: Holder,
  { namespace, rules, name = holder.workload }: GrantArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.rbac.v1.RoleBinding {
  const metadata = { name, namespace, labels: { ...workloadLabels(holder.workload) } };
  const role = new k8s.rbac.v1.Role(name, { metadata, rules }, opts);
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name };
  return new k8s.rbac.v1.RoleBinding(name, { metadata, roleRef, subjects: [subject(holder)] }, opts);
}

/** Lets a workload's pods do what the rules say in the whole cluster, where only the prefix keeps environments apart. */
export function grantInCluster(
  holder: Holder,
  { cluster, rules }: { readonly cluster: Pick<ClusterSettings, "prefix">; readonly rules: Rules },
  opts: pulumi.CustomResourceOptions,
): k8s.rbac.v1.ClusterRoleBinding {
  const { workload } = holder;
  const metadata = { name: `${cluster.prefix}-${workload}`, labels: { ...workloadLabels(workload) } };
  const role = new k8s.rbac.v1.ClusterRole(workload, { metadata, rules }, opts);
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name };
  return new k8s.rbac.v1.ClusterRoleBinding(workload, { metadata, roleRef, subjects: [subject(holder)] }, opts);
}

const subject = ({ workload, namespace }: Holder) => ({ kind: "ServiceAccount", name: workload, namespace });

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { workloadLabels } from "./labels.ts";

/** What pods of a workload may ask of the API server, in their own namespace. */
export interface AccountArgs {
  readonly namespace: pulumi.Input<string>;
  readonly workload: string;
  readonly rules: k8s.types.input.rbac.v1.PolicyRule[];
}

/** Name of an account that may do what the rules say, once it may. */
export function account(args: AccountArgs, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
  const { namespace, workload, rules } = args;
  const metadata = { name: workload, namespace, labels: { ...workloadLabels(workload) } };
  const made = new k8s.core.v1.ServiceAccount(workload, { metadata, automountServiceAccountToken: false }, opts);
  const role = new k8s.rbac.v1.Role(workload, { metadata, rules }, opts);
  const binding = new k8s.rbac.v1.RoleBinding(
    workload,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: made.metadata.name, namespace }],
    },
    opts,
  );
  return pulumi.all([made.metadata.name, binding.id]).apply(([name]) => name);
}

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { drillKinds, resultConfigMap } from "../../runbooks/drills/result.ts";
import { workloadLabels } from "../workload/labels.ts";

export interface DrillAccountArgs {
  /** Of the drills. */
  readonly namespace: pulumi.Input<string>;
  /** In which records and results lie. */
  readonly dataNamespace: pulumi.Input<string>;
  readonly workload: string;
}

/**
 * The account of drills. In the namespace of the data it reads ConfigMaps, which the records are, and writes the two of its results: they are made here,
 * as a right to make ConfigMaps could not be limited to names, and would be one to make records.
 */
export class DrillAccount extends pulumi.ComponentResource {
  /** Its name, once it may do all that. */
  readonly account: pulumi.Output<string>;

  constructor(name: string, args: DrillAccountArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:drills:DrillAccount", name, {}, opts);
    const { namespace, dataNamespace, workload } = args;
    const child = { parent: this };
    const labels = { ...workloadLabels(workload) };
    const made = new k8s.core.v1.ServiceAccount(
      workload,
      { metadata: { name: workload, namespace, labels }, automountServiceAccountToken: false },
      child,
    );
    const results = drillKinds.map(
      (kind) =>
        new k8s.core.v1.ConfigMap(
          resultConfigMap(kind),
          { metadata: { name: resultConfigMap(kind), namespace: dataNamespace, labels } },
          // What drills write there is none of the program's.
          { ...child, ignoreChanges: ["data"] },
        ),
    );
    const metadata = { name: workload, namespace: dataNamespace, labels };
    const configMaps = { apiGroups: [""], resources: ["configmaps"] };
    const role = new k8s.rbac.v1.Role(
      workload,
      {
        metadata,
        rules: [
          { ...configMaps, verbs: ["get", "list"] },
          { ...configMaps, resourceNames: drillKinds.map(resultConfigMap), verbs: ["patch"] },
        ],
      },
      child,
    );
    const binding = new k8s.rbac.v1.RoleBinding(
      workload,
      {
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
        subjects: [{ kind: "ServiceAccount", name: made.metadata.name, namespace }],
      },
      child,
    );
    const all = [binding, ...results].map(({ id }) => id);
    this.account = pulumi.all([made.metadata.name, pulumi.all(all)]).apply(([account]) => account);
    this.registerOutputs({});
  }
}

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { drillKinds, resultConfigMap } from "../../runbooks/drills/result.ts";
import { accountWith, grant, type Holder } from "../workload/account.ts";
import { workloadLabels } from "../workload/labels.ts";

export interface DrillAccountArgs extends Holder {
  /** In which records and results lie. */
  readonly dataNamespace: pulumi.Input<string>;
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
    const { dataNamespace, workload } = args;
    const child = { parent: this };
    const labels = { ...workloadLabels(workload) };
    const results = drillKinds.map(
      (kind) =>
        new k8s.core.v1.ConfigMap(
          resultConfigMap(kind),
          { metadata: { name: resultConfigMap(kind), namespace: dataNamespace, labels } },
          // What drills write there is none of the program's.
          { ...child, ignoreChanges: ["data"] },
        ),
    );
    const configMaps = { apiGroups: [""], resources: ["configmaps"] };
    const rights = grant(
      args,
      {
        namespace: dataNamespace,
        rules: [
          { ...configMaps, verbs: ["get", "list"] },
          { ...configMaps, resourceNames: drillKinds.map(resultConfigMap), verbs: ["patch"] },
        ],
      },
      child,
    );
    this.account = accountWith(args, [rights, ...results], child);
    this.registerOutputs({});
  }
}

import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../../config/cluster.ts";
import { accountWith, grantInCluster } from "../../workload/account.ts";
import { oneTimeJob } from "../../workload/job.ts";

export interface VeleroKindsArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  /** Image of the server, which has them with it. */
  readonly image: string;
  readonly user: number;
}

const workload = "velero-kinds";

/** Installs the kinds of Velero's API (custom resource definitions) from the image itself, or renews them when it changes. They stay in the cluster. */
export class VeleroKinds extends pulumi.ComponentResource {
  readonly job: k8s.batch.v1.Job;

  constructor(name: string, args: VeleroKindsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:VeleroKinds", name, {}, opts);
    const { cluster, namespace, image, user } = args;
    this.job = oneTimeJob(
      workload,
      {
        cluster,
        namespace,
        workload,
        does: [image],
        deadline: 300,
        after: [],
        runAs: { user, group: user },
        serviceAccount: this.account(args),
        containers: [
          {
            name: "install",
            image,
            command: ["/velero", "install", "--crds-only", "--apply"],
            env: { HOME: "/tmp" },
            writable: ["/tmp"],
            resources: { cpu: "50m", memory: "128Mi" },
          },
        ],
      },
      { parent: this },
    );
    this.registerOutputs({ job: this.job.metadata.name });
  }

  /** Rights to a kind that does not exist yet cannot be given by its name. */
  private account({ cluster, namespace }: VeleroKindsArgs): pulumi.Output<string> {
    const child = { parent: this };
    const holder = { namespace, workload };
    const rules = [
      {
        apiGroups: ["apiextensions.k8s.io"],
        resources: ["customresourcedefinitions"],
        verbs: ["get", "list", "create", "patch"],
      },
    ];
    return accountWith(holder, [grantInCluster(holder, { cluster, rules }, child)], child);
  }
}

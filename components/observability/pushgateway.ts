import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { PushgatewaySettings } from "../../config/pushgateway.ts";
import { StatefulWorkload } from "../workload/stateful.ts";
import { pushgateway } from "./figures.ts";

export interface PushgatewayArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: PushgatewaySettings;
}

/** Account that owns nothing. */
const user = 65534;

const folder = "/figures";

/** What the program is started with. */
export const pushgatewayArguments = (file: string, address: string): string[] => [
  `--persistence.file=${file}`,
  "--persistence.interval=1m",
  `--web.listen-address=${address}`,
];

/**
 * Keeps the newest figures of each job for Prometheus, which comes by when the job's pod is gone. One is enough: while it is away a job says that its figures
 * were not told and goes on, and all that Prometheus has read already is there.
 */
export class Pushgateway extends pulumi.ComponentResource {
  constructor(name: string, args: PushgatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:observability:Pushgateway", name, { settings: args.settings }, opts);
    const { cluster, namespace, settings } = args;
    const { image, storage, resources } = settings;
    const asked = (path: string) => ({ httpGet: { path, port: pushgateway.port }, timeoutSeconds: 3 });
    new StatefulWorkload(
      pushgateway.name,
      {
        cluster,
        namespace,
        replicas: 1,
        priority: "service",
        ports: { http: pushgateway.port },
        claims: { figures: storage },
        // The next run of each job tells them anew.
        backup: "rebuild",
        runAs: { user, group: user },
        containers: [
          {
            name: "pushgateway",
            image,
            resources,
            args: pushgatewayArguments(`${folder}/figures`, `:${pushgateway.port}`),
            ports: [{ name: "http", containerPort: pushgateway.port }],
            mounts: { [folder]: { volume: "figures" } },
            startupProbe: { ...asked("/-/ready"), periodSeconds: 1, failureThreshold: 30 },
            livenessProbe: { ...asked("/-/healthy"), periodSeconds: 10, failureThreshold: 12 },
            readinessProbe: { ...asked("/-/ready"), periodSeconds: 5, failureThreshold: 2 },
          },
        ],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

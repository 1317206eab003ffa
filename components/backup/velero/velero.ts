import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { BackupSettings } from "../../../config/backup.ts";
import type { ClusterSettings } from "../../../config/cluster.ts";
import type { LastingArea } from "../../network/namespaces.ts";
import { keyMode } from "../../postgres/layout.ts";
import { secretFiles } from "../../workload/configuration.ts";
import { StatelessWorkload } from "../../workload/stateless.ts";
import { VeleroAccount } from "./account.ts";
import { VeleroKinds } from "./crds.ts";
import { keysFolder, VeleroLocations, type LocationsArgs } from "./locations.ts";
import { veleroResource } from "./resources.ts";
import { schedules } from "./schedules.ts";

export interface VeleroArgs extends Pick<LocationsArgs, "objectStore" | "offsite"> {
  readonly cluster: ClusterSettings;
  /** Namespace of the server: one of those that it backs up. */
  readonly namespace: pulumi.Input<string>;
  /** Namespaces that it backs up. */
  readonly namespaces: Readonly<Record<LastingArea, pulumi.Input<string>>>;
  readonly settings: Pick<BackupSettings, "velero" | "timeZone">;
  readonly credentials: LocationsArgs["credentials"] & {
    password(name: "veleroRepository"): pulumi.Output<string>;
  };
}

const workload = "velero";

/** Any account does: neither program has files of its own. */
const user = 1000;

const metricsPort = 8085;

/** Velero, which backs up the objects of the stack's namespaces, Secrets among them, as they are in the cluster. */
export class Velero extends pulumi.ComponentResource {
  readonly server: StatelessWorkload;

  constructor(name: string, args: VeleroArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:Velero", name, {}, opts);
    const { cluster, namespace, namespaces, settings, objectStore, offsite, credentials } = args;
    const { server, hooks, restores } = settings.velero;
    const child = { parent: this };
    const { job } = new VeleroKinds("velero-kinds", { cluster, namespace, image: server, user }, child);
    const after = [job];
    const locations = new VeleroLocations(
      "velero-locations",
      { namespace, objectStore, offsite, credentials, workload, after },
      child,
    );
    const { account } = new VeleroAccount(
      "velero-account",
      { cluster, namespace, namespaces, workload, hooks: hooks.length > 0, restores },
      child,
    );
    this.server = this.declareServer(args, locations, account, [job, this.repositoryPassword(args)]);
    this.declareSchedules(args, locations, after);
    this.registerOutputs({});
  }

  /** A server that does not find it makes it, with a password that everybody knows. */
  private repositoryPassword({ namespace, credentials }: VeleroArgs): k8s.core.v1.Secret {
    const files = { "repository-password": credentials.password("veleroRepository") };
    return secretFiles("velero-repo-credentials", { namespace, workload, files }, { parent: this });
  }

  private declareServer(
    { cluster, namespace, settings: { velero } }: VeleroArgs,
    { secret }: VeleroLocations,
    serviceAccount: pulumi.Output<string>,
    after: readonly pulumi.Resource[],
  ): StatelessWorkload {
    return new StatelessWorkload(
      workload,
      {
        cluster,
        namespace,
        // Two would take each other's backups for broken off ones.
        replicas: 1,
        strategy: "Recreate",
        runAs: { user, group: user },
        serviceAccount,
        initContainers: [
          {
            // Its entry point copies it to /target.
            name: "plugin-aws",
            image: velero.plugin,
            mounts: { "/target": { volume: "plugins" } },
            resources: { cpu: "10m", memory: "64Mi" },
          },
        ],
        containers: [
          {
            name: "server",
            image: velero.server,
            // With its cache a restore reads each kind in the whole cluster, Secrets too.
            command: ["/velero", "server", "--log-format=json", "--disable-informer-cache"],
            env: { VELERO_NAMESPACE: { field: "metadata.namespace" }, VELERO_SCRATCH_DIR: "/scratch", HOME: "/tmp" },
            mounts: {
              "/plugins": { volume: "plugins", readOnly: true },
              [keysFolder]: { volume: "locations", readOnly: true },
            },
            writable: ["/tmp", "/scratch"],
            ports: [{ name: "metrics", containerPort: metricsPort }],
            readinessProbe: { httpGet: { path: "/metrics", port: metricsPort } },
            resources: velero.resources,
          },
        ],
        volumes: [
          { name: "plugins", emptyDir: {} },
          { name: "locations", secret: { secretName: secret.metadata.name, defaultMode: keyMode } },
        ],
        reads: [secret],
        after,
      },
      { parent: this },
    );
  }

  private declareSchedules(
    { namespace, namespaces, settings }: VeleroArgs,
    { names }: VeleroLocations,
    after: readonly pulumi.Resource[],
  ): void {
    const specs = schedules({
      settings: settings.velero,
      timeZone: settings.timeZone,
      namespaces,
      locations: { daily: "cluster", weekly: names.includes("offsite") ? "offsite" : "cluster" },
    });
    for (const [name, spec] of Object.entries(specs))
      veleroResource("Schedule", { name, namespace, spec }, { parent: this, dependsOn: [...after] });
  }
}

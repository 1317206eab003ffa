import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { DifySettings } from "../../config/dify.ts";
import { workloadLabels } from "../workload/labels.ts";
import { podTemplate } from "../workload/pod.ts";
import { backendContainer, difyUser } from "./backend.ts";
import { script, type DifyConfiguration } from "./configuration.ts";
import { difyImages } from "./images.ts";
import { difyVersion } from "./versions.ts";

export interface MigrationArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: DifySettings;
  readonly configuration: DifyConfiguration;
  /** Database, Redis (its lock) and object store: a migration needs all three. */
  readonly after: readonly pulumi.Input<pulumi.Resource>[];
}

const scriptName = "migrate.sh";
const folder = "/opt/dify-ha";
/** Time for starting flask, which loads all of Dify, a few times around the migration itself. */
const overheadSeconds = 600;

/** Brings the schema up to date, once a release: its name says for which. What runs on the schema waits for it. */
export class Migration extends pulumi.ComponentResource {
  readonly job: k8s.batch.v1.Job;

  constructor(name: string, args: MigrationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:dify:Migration", name, {}, opts);
    const { namespace, settings } = args;
    const labels = { ...workloadLabels("migration") };
    const scripts = new k8s.core.v1.ConfigMap(
      "migration",
      { metadata: { name: "migration", namespace, labels }, data: { [scriptName]: script(scriptName) } },
      { parent: this },
    );
    const job = migrationName(settings);
    this.job = new k8s.batch.v1.Job(
      job,
      {
        metadata: { name: job, namespace, labels },
        spec: {
          backoffLimit: 3,
          activeDeadlineSeconds: settings.migration.timeoutSeconds + overheadSeconds,
          template: this.pod(args, scripts),
        },
      },
      {
        parent: this,
        dependsOn: [...args.after],
        customTimeouts: { create: `${settings.migration.timeoutSeconds + overheadSeconds + 60}s` },
      },
    );
    this.registerOutputs({ job: this.job.metadata.name });
  }

  private pod(args: MigrationArgs, scripts: k8s.core.v1.ConfigMap) {
    const { cluster, settings, configuration } = args;
    const { timeoutSeconds, commands } = settings.migration;
    const container = backendContainer(args, {
      name: "migration",
      resources: { cpu: "250m", memory: "2Gi" },
      command: ["sh", `${folder}/${scriptName}`],
      env: {
        MIGRATION: difyVersion(settings.version).migration,
        COMMANDS: commands.join("\n"),
        DEADLINE_SECONDS: `${timeoutSeconds}`,
        SQLALCHEMY_POOL_SIZE: "1",
        SQLALCHEMY_MAX_OVERFLOW: "1",
      },
      mounts: { [folder]: { volume: "scripts", readOnly: true } },
    });
    return podTemplate("migration", {
      cluster,
      nodes: settings.nodes,
      runAs: difyUser,
      containers: [container],
      volumes: [
        { name: "scripts", configMap: { name: scripts.metadata.name } },
        { name: "authorities", configMap: { name: configuration.authorities.metadata.name } },
      ],
      podSpec: { restartPolicy: "Never" },
    });
  }
}

/** Name of the Job: another release, image, script or command is another Job; the same is never run twice. */
export function migrationName(settings: DifySettings): string {
  const what = [
    difyImages(settings).api,
    script(scriptName),
    settings.migration.commands,
    difyVersion(settings.version).migration,
  ];
  const hash = createHash("sha256").update(JSON.stringify(what)).digest("hex").slice(0, 8);
  return `migration-${settings.version.replaceAll(".", "-")}-${hash}`;
}

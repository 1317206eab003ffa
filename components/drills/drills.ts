import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { BackupSettings } from "../../config/backup.ts";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { DrillsSettings } from "../../config/drills.ts";
import type { DrillKind } from "../../runbooks/drills/result.ts";
import { scratchVolume } from "../backup/upload.ts";
import type { Figures } from "../observability/figures.ts";
import type { PostgresBackupAccess } from "../postgres/connection.ts";
import type { RedisBackupAccess } from "../redis/connection.ts";
import { configurationFiles } from "../workload/configuration.ts";
import { cronJob } from "../workload/cronJob.ts";
import { DrillAccount } from "./account.ts";
import { DrillQuota } from "./quota.ts";
import { drillScripts } from "./scripts.ts";
import { DrillSites, type DrillSitesArgs, type SiteName } from "./sites.ts";
import { restoreFolders, drillSteps, type StepsArgs } from "./steps.ts";

export interface DrillsArgs {
  readonly cluster: ClusterSettings;
  /** Of the drills alone. */
  readonly namespace: pulumi.Input<string>;
  /** In which records and results lie. */
  readonly dataNamespace: pulumi.Input<string>;
  /** How a drill tells its figures. */
  readonly figures: Figures;
  readonly settings: DrillsSettings;
  readonly backup: Pick<BackupSettings, "image" | "timeZone">;
  readonly objectStore: DrillSitesArgs["objectStore"];
  readonly offsite: DrillSitesArgs["offsite"];
  readonly postgres: PostgresBackupAccess;
  /** Undefined when somebody else runs Redis: records are then without it. */
  readonly redis: RedisBackupAccess | undefined;
  /** Bucket with the keys of Dify's tenants. */
  readonly difyBucket: string;
  /** Secrets whose fingerprints the records have. */
  readonly keys: DrillSitesArgs["keys"];
  readonly credentials: DrillSitesArgs["credentials"];
}

/** By which the table of flows knows their pods. */
export const workload = "drills";

/**
 * Proof that backups restore (B15): pods in a namespace of their own restore what the newest record names, look at it, and leave a result. They read
 * backups, and change neither them nor the stack.
 */
export class Drills extends pulumi.ComponentResource {
  readonly jobs: Readonly<Record<DrillKind, k8s.batch.v1.CronJob>>;
  private readonly args: DrillsArgs;
  private readonly sites: DrillSites;
  private readonly account: pulumi.Output<string>;
  private readonly scripts: k8s.core.v1.ConfigMap;
  private readonly scratch: string;

  constructor(name: string, args: DrillsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:drills:Drills", name, { settings: args.settings }, opts);
    this.args = args;
    const { namespace, dataNamespace, settings, objectStore, offsite, postgres, difyBucket, keys, credentials } = args;
    const child = { parent: this };
    this.scratch = settings.scratch ?? postgres.settings.storage;
    this.sites = new DrillSites(
      "drill-sites",
      {
        namespace,
        workload,
        objectStore,
        offsite,
        postgres: postgres.settings,
        restoreFolders,
        difyBucket,
        keys,
        credentials,
      },
      child,
    );
    ({ account: this.account } = new DrillAccount("drill-account", { namespace, dataNamespace, workload }, child));
    this.scripts = configurationFiles("drill-scripts", { namespace, workload, files: drillScripts() }, child);
    const fullSite = settings.full.site ?? (offsite ? "offsite" : "cluster");
    const steps = [this.steps("light", settings.light.site), this.steps("full", fullSite)] as const;
    new DrillQuota(
      "drill-quota",
      { namespace, workload, steps: steps.flat().map(({ resources }) => resources), scratch: this.scratch },
      child,
    );
    this.jobs = { light: this.job("light", steps[0]), full: this.job("full", steps[1]) };
    this.registerOutputs({});
  }

  private steps(kind: DrillKind, site: SiteName) {
    const { settings, backup, postgres, redis, dataNamespace, figures } = this.args;
    const { deadline, sample } = settings[kind];
    const args: StepsArgs = {
      kind,
      site,
      deadline: deadline * 3600,
      sample,
      sites: this.sites,
      dataNamespace,
      figures,
      postgres: postgres.settings,
      redis: redis?.settings,
      image: backup.image,
      resources: settings.resources,
    };
    return drillSteps(args);
  }

  private job(kind: DrillKind, steps: ReturnType<typeof drillSteps>): k8s.batch.v1.CronJob {
    const { cluster, namespace, settings, backup, postgres } = this.args;
    const { schedule, deadline } = settings[kind];
    const { user } = postgres.settings;
    return cronJob(
      `drill-${kind}`,
      {
        cluster,
        namespace,
        workload,
        schedule,
        timeZone: backup.timeZone,
        deadline: deadline * 3600,
        // A second try that passes would hide that the first did not.
        retries: 0,
        runAs: { user, group: user },
        serviceAccount: this.account,
        initContainers: steps.slice(0, -1),
        containers: steps.slice(-1),
        volumes: [
          ...this.sites.volumes,
          { name: "scripts", configMap: { name: this.scripts.metadata.name } },
          scratchVolume("drill", cluster, this.scratch),
        ],
        reads: [this.scripts, ...this.sites.reads],
        after: [...postgres.ready, ...this.sites.ready],
      },
      { parent: this },
    );
  }
}

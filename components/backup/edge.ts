import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { EdgeSiteSettings } from "../../config/edge.ts";
import { edgeBucketName } from "../objectStore/buckets.ts";
import type { ObjectStoreConnection } from "../objectStore/connection.ts";
import { edgePassphrase, edgeSecretKey } from "../objectStore/edgeKeys.ts";
import { keyMode } from "../postgres/layout.ts";
import { configurationFiles, secretFiles } from "../workload/configuration.ts";
import type { ContainerArgs } from "../workload/container.ts";
import { cronJob } from "../workload/cronJob.ts";
import { oneTimeJob } from "../workload/job.ts";
import type { BackupPartArgs } from "./part.ts";
import { script } from "./scripts.ts";
import { scriptsFolder } from "./upload.ts";

export interface EdgeBackupsArgs extends BackupPartArgs {
  readonly objectStore: ObjectStoreConnection;
  /** From which the keys and pass phrases of sites are derived. */
  readonly key: pulumi.Input<string>;
}

/** Workloads: the jobs of sites, and those of the centre, which may delete. */
const atSite = "edge-backup";
const inCentre = "edges";

const folders = { claims: "/claims", passphrases: "/etc/edge-passphrases" };

/** Any account does: restic has no files of its own. */
const user = 1000;

/**
 * Files of edge sites, whose volumes are too far away for anything else: a job at each adds what has changed to a repository of restic in a bucket of its
 * own; one in the centre makes the repositories, removes what is too old and reads the rest through, where reading costs no bandwidth of the site.
 */
export class EdgeBackups extends pulumi.ComponentResource {
  readonly jobs: readonly k8s.batch.v1.CronJob[];
  private readonly args: EdgeBackupsArgs;

  constructor(name: string, args: EdgeBackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:EdgeBackups", name, {}, opts);
    this.args = args;
    const { sites } = args.settings.edge;
    const { keep, init } = this.centre();
    this.jobs = [keep, ...sites.map((site) => this.site(site, init))];
    this.registerOutputs({});
  }

  private get common() {
    const { cluster, namespace, settings, sites } = this.args;
    return { cluster, namespace, timeZone: settings.timeZone, volumes: sites.volumes, reads: sites.reads };
  }

  /** What restic is told in every pod; the repository and its pass phrase are missing. */
  private get env() {
    const { objectStore, sites } = this.args;
    return {
      AWS_DEFAULT_REGION: objectStore.region,
      ...(sites.authority !== undefined && { RESTIC_CACERT: sites.authority }),
      RESTIC_CACHE_DIR: "/tmp/cache",
      ANSWER_SECONDS: "60",
      LOCK_WAIT: "31m",
    };
  }

  private centre(): { readonly keep: k8s.batch.v1.CronJob; readonly init: k8s.batch.v1.Job } {
    const { objectStore, key, sites, settings } = this.args;
    const { keep: schedule, keepDays, checkRuns, deadline, image, resources } = settings.edge;
    const names = settings.edge.sites.map((site) => site.name);
    const child = { parent: this };
    const place = { namespace: this.args.namespace, workload: inCentre };
    const files = filesOf("edges-keep.sh");
    const scripts = configurationFiles(inCentre, { ...place, files }, child);
    const phrases = Object.fromEntries(names.map((site) => [site, edgePassphrase(key, site)]));
    const passphrases = secretFiles("edges-passphrases", { ...place, files: phrases }, child);
    const login = secretFiles("edges-login", { ...place, files: { key: objectStore.backups.secretKey } }, child);
    const container = (env: ContainerArgs["env"]): ContainerArgs => ({
      name: "restic",
      image,
      command: ["sh", `${scriptsFolder}/edges-keep.sh`],
      env: {
        ...this.env,
        AWS_ACCESS_KEY_ID: objectStore.backups.accessKey,
        AWS_SECRET_ACCESS_KEY: { secret: login.metadata.name, key: "key" },
        STORE: pulumi.interpolate`s3:${objectStore.endpoint}`,
        SITES: names.join(" "),
        PASSPHRASES: folders.passphrases,
        ...env,
      },
      mounts: {
        [scriptsFolder]: { volume: "scripts", readOnly: true },
        [folders.passphrases]: { volume: "passphrases", readOnly: true },
        ...sites.mounts,
      },
      writable: ["/tmp"],
      resources,
    });
    const pod = {
      ...this.common,
      workload: inCentre,
      runAs: { user, group: user },
      volumes: [
        ...this.common.volumes,
        { name: "scripts", configMap: { name: scripts.metadata.name } },
        { name: "passphrases", secret: { secretName: passphrases.metadata.name, defaultMode: keyMode } },
      ],
      reads: [...this.common.reads, scripts, passphrases, login],
    };
    const init = oneTimeJob(
      "edges-init",
      {
        ...pod,
        containers: [container({ INIT_ONLY: "yes" })],
        does: [names, files],
        deadline: 900,
        after: sites.ready,
      },
      child,
    );
    const keep = cronJob(
      "edges-keep",
      {
        ...pod,
        schedule,
        deadline: deadline * 3600,
        graceSeconds: 60,
        containers: [container({ KEEP_DAYS: `${keepDays}`, CHECK_RUNS: `${checkRuns}` })],
        after: [init],
      },
      child,
    );
    return { keep, init };
  }

  private site(site: EdgeSiteSettings, init: k8s.batch.v1.Job): k8s.batch.v1.CronJob {
    const { objectStore, key, settings, sites } = this.args;
    const { schedule, deadline, nodes, resources, upload, download, claims, excludes } = site;
    const job = edgeBucketName(site.name);
    const child = { parent: this };
    const place = { namespace: this.args.namespace, workload: atSite };
    const files = { ...filesOf("edge-backup.sh"), excludes: excludes.map((line) => `${line}\n`).join("") };
    const scripts = configurationFiles(job, { ...place, files }, child);
    const secret = secretFiles(
      job,
      { ...place, files: { key: edgeSecretKey(key, site.name), passphrase: edgePassphrase(key, site.name) } },
      child,
    );
    return cronJob(
      job,
      {
        ...this.common,
        workload: atSite,
        schedule,
        deadline: deadline * 3600,
        backup: {
          of: "volume-copy",
          kind: "copy",
          copies: [pulumi.interpolate`${objectStore.endpoint}/${job}`],
          keepDays: settings.edge.keepDays,
        },
        // For restic to take its lock away.
        graceSeconds: 60,
        nodes,
        runAs: { user: site.user, group: site.user },
        containers: [
          {
            name: "restic",
            image: settings.edge.image,
            command: ["sh", `${scriptsFolder}/edge-backup.sh`],
            env: {
              ...this.env,
              AWS_ACCESS_KEY_ID: job,
              AWS_SECRET_ACCESS_KEY: { secret: secret.metadata.name, key: "key" },
              RESTIC_REPOSITORY: pulumi.interpolate`s3:${objectStore.endpoint}/${job}`,
              RESTIC_PASSWORD: { secret: secret.metadata.name, key: "passphrase" },
              SITE: site.name,
              FOLDER: folders.claims,
              EXCLUDES: `${scriptsFolder}/excludes`,
              UPLOAD: `${upload}`,
              DOWNLOAD: `${download}`,
            },
            mounts: {
              [scriptsFolder]: { volume: "scripts", readOnly: true },
              ...Object.fromEntries(
                claims.map((claim) => [`${folders.claims}/${claim}`, { volume: claimVolume(claim), readOnly: true }]),
              ),
              ...sites.mounts,
            },
            writable: ["/tmp"],
            resources,
          },
        ],
        volumes: [
          ...this.common.volumes,
          { name: "scripts", configMap: { name: scripts.metadata.name } },
          // Read-only for the volume's driver too: then no owner of files is changed.
          ...claims.map((claim) => ({
            name: claimVolume(claim),
            persistentVolumeClaim: { claimName: claim, readOnly: true },
          })),
        ],
        reads: [...this.args.sites.reads, scripts, secret],
        after: [init],
      },
      child,
    );
  }
}

const claimVolume = (claim: string): string => `claim-${claim}`;

function filesOf(main: string): Readonly<Record<string, string>> {
  return { [main]: script(main), "restic-repository.sh": script("restic-repository.sh") };
}

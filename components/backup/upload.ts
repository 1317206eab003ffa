import type * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { BackupSettings } from "../../config/backup.ts";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { ContainerArgs, EnvironmentValue } from "../workload/container.ts";
import { cronJob, type CronJobArgs } from "../workload/cronJob.ts";
import type { DeclaredBackup } from "../workload/declaredBackup.ts";
import { figureScripts, type Figures } from "../observability/figures.ts";
import { script } from "./scripts.ts";
import type { BackupSites } from "./sites.ts";

/** Where the scripts of a job are. */
export const scriptsFolder = "/opt/dify-ha";

/** Where the containers of a job leave what is to be uploaded. */
export const outbox = "/outbox";

export interface UploadJobArgs extends Omit<CronJobArgs, "containers" | "initContainers" | "timeZone" | "backup"> {
  readonly settings: Pick<BackupSettings, "image" | "timeZone">;
  readonly sites: BackupSites;
  readonly figures: Figures;
  /** Leaves files in the outbox. */
  readonly source: ContainerArgs;
  /** Reads what is in the outbox: nothing is uploaded unless it ends well. @default source has done so */
  readonly check?: ContainerArgs;
  /** Has {@link uploadScripts}, and what `source` runs. */
  readonly scripts: k8s.core.v1.ConfigMap;
  /** What it is a backup of. */
  readonly backs: Pick<DeclaredBackup, "of" | "kind">;
  /** Place in the buckets: "dumps". */
  readonly dataset: string;
  /** Days for which it is kept. The newest stays in any case: what is older goes only after something newer has arrived. */
  readonly keepDays: number;
  /** Pass phrase that encrypts it. @default that of each site */
  readonly cipher?: EnvironmentValue;
  /** Room for the files, as a volume that goes with the job. */
  readonly scratch: string;
}

/** What the jobs' last step runs. */
export const uploadScripts = (): Readonly<Record<string, string>> => ({
  "upload.sh": script("upload.sh"),
  ...figureScripts(),
});

/** Room for an outbox, as a volume that goes with the job. */
export function outboxVolume(cluster: ClusterSettings, storage: string): types.input.core.v1.Volume {
  return scratchVolume("outbox", cluster, storage);
}

/** A volume that goes with the pod. */
export function scratchVolume(
  name: string,
  { storageClass }: ClusterSettings,
  storage: string,
): types.input.core.v1.Volume {
  const claim = {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage } },
    ...(storageClass && { storageClassName: storageClass }),
  };
  return { name, ephemeral: { volumeClaimTemplate: { spec: claim } } };
}

/** A CronJob that leaves files in a folder and then carries them to every site, encrypted, with their checksums. */
export function uploadJob(name: string, args: UploadJobArgs, opts: pulumi.CustomResourceOptions): k8s.batch.v1.CronJob {
  const {
    settings,
    sites,
    figures,
    source,
    check,
    scripts,
    backs,
    dataset,
    keepDays,
    cipher,
    scratch,
    volumes,
    reads,
    after,
    ...rest
  } = args;
  const scriptsMount = { [scriptsFolder]: { volume: "scripts", readOnly: true } };
  return cronJob(
    name,
    {
      ...rest,
      timeZone: settings.timeZone,
      backup: { ...backs, copies: sites.destinations, keepDays },
      initContainers: [
        { ...source, mounts: { ...source.mounts, ...scriptsMount, [outbox]: { volume: "outbox" } } },
        ...(check ? [{ ...check, mounts: { [outbox]: { volume: "outbox", readOnly: true } } }] : []),
      ],
      containers: [
        {
          name: "upload",
          image: settings.image,
          command: ["sh", `${scriptsFolder}/upload.sh`],
          env: {
            FOLDER: outbox,
            DATASET: dataset,
            KEEP_DAYS: `${keepDays}`,
            ...sites.env,
            ...figures(name),
            ...(cipher && sites.encryptedBy(cipher)),
          },
          mounts: { ...scriptsMount, ...sites.mounts, [outbox]: { volume: "outbox", readOnly: true } },
          writable: ["/tmp"],
          resources: { cpu: "100m", memory: "256Mi" },
        },
      ],
      volumes: [
        ...(volumes ?? []),
        ...sites.volumes,
        { name: "scripts", configMap: { name: scripts.metadata.name } },
        outboxVolume(args.cluster, scratch),
      ],
      reads: [scripts, ...(reads ?? []), ...sites.reads],
      after: [...after, ...sites.ready],
    },
    opts,
  );
}

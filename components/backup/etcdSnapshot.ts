import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Resources } from "../../config/units.ts";
import { paths, tlsFiles } from "../postgres/layout.ts";
import { configurationFiles } from "../workload/configuration.ts";
import type { BackupPartArgs } from "./part.ts";
import { outbox, uploadJob, uploadScripts, type UploadJobArgs } from "./upload.ts";

export interface EtcdSnapshotsArgs
  extends BackupPartArgs, Pick<UploadJobArgs, "workload" | "schedule" | "keepDays" | "scratch" | "after" | "reads"> {
  /** Members to ask, each in a job of its own: etcdctl asks one, and its image has no shell in which to go on to the next. Job and place in the buckets -> URL. */
  readonly members: readonly { readonly job: string; readonly dataset: string; readonly endpoint: string }[];
  /** The data set, as volumes and policies call it. */
  readonly of: string;
  readonly image: string;
  readonly resources: Resources;
  /** Its volume "tls" has ca.crt, tls.crt and tls.key. */
  readonly certificateVolume: NonNullable<UploadJobArgs["volumes"]>[number];
}

/** Any account does: the image's programs belong to everybody. */
const user = 1000;

const snapshot = `${outbox}/etcd.db`;

/** Snapshots of an etcd, read through before they are carried to the sites. */
export function etcdSnapshots(args: EtcdSnapshotsArgs, opts: pulumi.CustomResourceOptions): k8s.batch.v1.CronJob[] {
  const { members, of, image, resources, certificateVolume, ...rest } = args;
  const { namespace, workload } = args;
  const { authority, certificate, key } = tlsFiles(paths.tls);
  const scripts = configurationFiles(workload, { namespace, workload, files: uploadScripts() }, opts);
  return members.map(({ job, dataset, endpoint }) =>
    uploadJob(
      job,
      {
        ...rest,
        deadline: 900,
        runAs: { user, group: user },
        source: {
          name: "snapshot",
          image,
          command: ["etcdctl", "snapshot", "save", snapshot],
          env: {
            ETCDCTL_ENDPOINTS: endpoint,
            ETCDCTL_CACERT: authority,
            ETCDCTL_CERT: certificate,
            ETCDCTL_KEY: key,
            ETCDCTL_COMMAND_TIMEOUT: "5m",
          },
          mounts: { [paths.tls]: { volume: "tls", readOnly: true } },
          resources,
        },
        check: { name: "check", image, command: ["etcdutl", "snapshot", "status", snapshot], resources },
        scripts,
        backs: { of, kind: "snapshot" },
        dataset,
        volumes: [certificateVolume],
      },
      opts,
    ),
  );
}

import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { VectorStoreBackupAccess } from "../vectorStore/connection.ts";
import { configurationFiles } from "../workload/configuration.ts";
import type { BackupPartArgs } from "./part.ts";
import { script } from "./scripts.ts";
import { outbox, scriptsFolder, uploadJob, uploadScripts } from "./upload.ts";

export interface VectorBackupsArgs extends BackupPartArgs {
  readonly vectorStore: VectorStoreBackupAccess;
}

const workload = "vector-backup";

/** Any account does: Python has no files of its own. */
const user = 1000;

/** Snapshots of the vector store by its own API. */
export class VectorBackups extends pulumi.ComponentResource {
  readonly job: k8s.batch.v1.CronJob;

  constructor(name: string, args: VectorBackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:VectorBackups", name, {}, opts);
    const { cluster, namespace, settings, vectorStore, sites, figures } = args;
    const { take, keepDays, deadline, scratch, image, resources } = settings.vectors;
    const child = { parent: this };
    const files = { "qdrant.py": script("qdrant.py"), ...uploadScripts() };
    const scripts = configurationFiles(workload, { namespace, workload, files }, child);
    this.job = uploadJob(
      "vector-snapshots",
      {
        cluster,
        namespace,
        settings,
        sites,
        figures,
        workload,
        schedule: take,
        deadline: deadline * 3600,
        runAs: { user, group: user },
        source: {
          name: "snapshot",
          image,
          command: ["python3", "-B", `${scriptsFolder}/qdrant.py`],
          env: {
            MEMBERS: vectorStore.members.join(" "),
            API_KEY: { secret: vectorStore.secret.metadata.name, key: "apiKey" },
            FOLDER: outbox,
            // The answer to the order for a snapshot comes when it is made.
            ANSWER_SECONDS: "3600",
          },
          resources,
        },
        scripts,
        backs: { of: "vector-backup", kind: "snapshot" },
        dataset: "vectors",
        keepDays,
        scratch,
        reads: [vectorStore.secret],
        after: vectorStore.ready,
      },
      child,
    );
    this.registerOutputs({});
  }
}

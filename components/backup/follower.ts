import * as pulumi from "@pulumi/pulumi";
import { configurationFiles } from "../workload/configuration.ts";
import type { EnvironmentValue } from "../workload/container.ts";
import { followedAnnotation } from "../workload/backupKeys.ts";
import { StatelessWorkload } from "../workload/stateless.ts";
import type { BackupPartArgs } from "./part.ts";
import { script } from "./scripts.ts";
import { scriptsFolder } from "./upload.ts";

export interface ObjectFollowerArgs extends BackupPartArgs {
  /** Names of the buckets that are followed. */
  readonly buckets: readonly string[];
  /** Both sites, see BackupSites.followed. */
  readonly places: Readonly<Record<string, EnvironmentValue>>;
}

/** Name of the Deployment. */
export const follower = "objects-follower";

/** Any account does: Python has no files of its own. */
const user = 1000;

const files = ["follow.py", "follow_bucket.py", "follow_copy.py", "follow_work.py", "s3.py"];

/**
 * Carries files to the second site as they are written. One alone: two would send everything twice. A pod that dies is made up for by the next one's
 * listing, so a second one that waits would save seconds only.
 */
export class ObjectFollower extends pulumi.ComponentResource {
  constructor(name: string, args: ObjectFollowerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:backup:ObjectFollower", name, {}, opts);
    const { cluster, namespace, settings, sites, buckets, places } = args;
    const { bandwidth, follow } = settings.objects;
    const child = { parent: this };
    const texts = Object.fromEntries(files.map((file) => [file, script(file)]));
    const scripts = configurationFiles(follower, { namespace, workload: follower, files: texts }, child);
    const command = ["python3", "-B", `${scriptsFolder}/follow.py`];
    const probe = (what: "alive" | "ready") => ({ exec: { command: [...command, what] }, timeoutSeconds: 10 });
    new StatelessWorkload(
      follower,
      {
        cluster,
        namespace,
        replicas: 1,
        strategy: "Recreate",
        runAs: { user, group: user },
        annotations: { [followedAnnotation]: `${follow.behind}` },
        containers: [
          {
            name: "follow",
            image: follow.image,
            command,
            env: {
              ...places,
              BUCKETS: buckets.join(" "),
              BANDWIDTH: bandwidth,
              LIST: `${follow.list}`,
              BEHIND: `${follow.behind}`,
              GRACE: `${follow.grace}`,
              STATE: "/tmp/state.json",
            },
            mounts: { [scriptsFolder]: { volume: "scripts", readOnly: true }, ...sites.mounts },
            writable: ["/tmp"],
            resources: follow.resources,
            // Restarted when nothing arrives any more, and not ready while it is behind: alerts and rollouts go by that.
            livenessProbe: { ...probe("alive"), periodSeconds: 30, failureThreshold: 3 },
            readinessProbe: { ...probe("ready"), periodSeconds: 10, failureThreshold: 3 },
          },
        ],
        volumes: [...sites.volumes, { name: "scripts", configMap: { name: scripts.metadata.name } }],
        reads: [scripts, ...sites.reads],
        after: sites.ready,
      },
      child,
    );
    this.registerOutputs({});
  }
}

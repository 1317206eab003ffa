import type { BackupAges } from "../../components/backup/ages.ts";
import type { DrillKind } from "../drills/result.ts";
import type { ReadOutputs } from "../outputs.ts";
import { dataSets, type DataSetName, type SiteName } from "./dataSets.ts";
import type { statusOutputs } from "./outputs.ts";

/** A copy that there must be, and how old its newest restorable instant may be. */
export interface Bar {
  readonly dataSet: DataSetName;
  readonly site: SiteName;
  readonly maxAgeSeconds: number;
  /** CronJobs that make it. */
  readonly jobs: readonly string[];
}

const hour = 3600;
const day = 24 * hour;

/** How old the last proof may be: a light drill is run daily, a full one weekly, and each takes its time. In seconds. */
export const drillMaxAge: Readonly<Record<DrillKind, number>> = { light: 26 * hour, full: 8 * day };

/** The outputs that bars are made of. */
export type BarOutputs = Pick<ReadOutputs<typeof statusOutputs>, "offsiteEndpoint" | keyof BackupAges>;

/** Every copy that a stack must have, by what its outputs tell. */
export function barsOf(outputs: BarOutputs): Bar[] {
  const both = (dataSet: DataSetName, hours: number | undefined) => [
    ...bar(dataSet, "cluster", hours),
    ...bar(dataSet, "offsite", hours),
  ];
  const sites = outputs.edgeSites?.split(" ") ?? [];
  const bars = [
    ...both("postgres", inHours(outputs.postgresLogSeconds)),
    ...bar("base", "cluster", outputs.postgresBackupHours),
    ...bar("base", "offsite", outputs.postgresOffsiteBackupHours),
    ...both("dump", outputs.postgresDumpHours),
    ...both("objects", outputs.objectsBackupHours),
    ...bar("followed", "offsite", inHours(outputs.objectsFollowedSeconds)),
    ...both("redis", outputs.redisBackupHours),
    ...both("secrets", outputs.secretsBackupHours),
    ...both("coordinated", outputs.coordinatedBackupHours),
    ...both("etcd", outputs.etcdBackupHours),
    ...both("clusterEtcd", outputs.clusterEtcdBackupHours),
    ...both("vectors", outputs.vectorsBackupHours),
    // In the cluster there are snapshots, with the volumes.
    ...bar("volumes", "offsite", outputs.volumeCopyHours),
    // What an edge site has is at the edge; its copy in the cluster is the second one.
    ...bar("edge", "cluster", outputs.edgeBackupHours).map((each) => ({
      ...each,
      jobs: [...each.jobs, ...sites.map((site) => `edge-${site}`)],
    })),
    ...bar("velero", "cluster", outputs.veleroDailyHours),
    ...bar("velero", "offsite", outputs.veleroWeeklyHours),
  ];
  return bars.filter(({ site }) => site === "cluster" || outputs.offsiteEndpoint !== undefined);
}

const inHours = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds / hour);

function bar(dataSet: DataSetName, site: SiteName, hours: number | undefined): Bar[] {
  if (hours === undefined) return [];
  return [{ dataSet, site, maxAgeSeconds: hours * hour, jobs: dataSets[dataSet].jobs[site] }];
}

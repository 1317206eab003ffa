import { erasureLayout } from "../../components/objectStore/layout.ts";
import { most } from "../../components/dify/databaseClients.ts";
import { failoverTiming } from "../../components/redis/timing.ts";
import { onVolume, overhead } from "../../config/rules/redis.ts";
import type { MinioSettings } from "../../config/objectStore.ts";
import type { Settings } from "../../config/settings.ts";
import { toBytes } from "../../config/units.ts";
import type { Assumptions } from "./assumptions.ts";
import { heldInCluster } from "./backups.ts";
import { figure, size, time, type Limit } from "./limit.ts";

/** Connections to Redis that a replica of the API and a worker hold: config/redis.ts, proxy.maxConnections. */
const redisConnections = { api: 15, worker: 30 } as const;

/** How far Redis goes. */
export function redisLimits({ redis, dify }: Pick<Settings, "redis" | "dify">, assumed: Assumptions): Limit[] {
  if (redis.backend !== "sentinel") return [];
  const memory = toBytes(redis.maxMemory);
  const tasks = memory / (assumed.taskKiB * 1024);
  const done = (most(dify.worker.replicas) * dify.worker.concurrency) / assumed.taskSeconds;
  const held = most(dify.api.replicas) * redisConnections.api + most(dify.worker.replicas) * redisConnections.worker;
  const twice = (factor: number) => `${figure((2 * memory * factor) / 2 ** 30)} GiB`;
  const { interval } = failoverTiming(redis).proxy;
  return [
    {
      what: "Redis' memory",
      limit: `${redis.maxMemory} of data; nothing is evicted`,
      met: `${figure(tasks)} tasks of ${assumed.taskKiB} KiB wait, which all workers do in ${time(tasks / done)}. Further ones are refused`,
      settings: ["redis.maxMemory"],
      next: `twice of it wants \`redis.resources.memory\` of ${twice(overhead)} and \`redis.storage\` of ${twice(onVolume)}; Redis is one thread and one master: it grows by memory, not by servers`,
    },
    {
      what: "Connections to Redis",
      limit: `${figure(redis.proxy.maxConnections)} through the proxy of a node`,
      met: `${figure(redis.proxy.maxConnections / redisConnections.worker)} workers on one node; all of Dify at its most has ${figure(held)}`,
      settings: ["redis.proxy.maxConnections"],
      next: "a higher one",
    },
    {
      what: "Checks of Redis by the nodes' proxies",
      limit: `${figure(1 / interval)} a second and node to each of ${redis.members} servers`,
      met: `100 nodes: ${figure(100 / interval)} a second to each`,
      settings: ["redis.downAfter", "cluster.clientNodes"],
      next: "name the nodes that have clients in `cluster.clientNodes`",
    },
  ];
}

/** Checks that the proxies of a number of nodes make of each Patroni a second: docs/connections.md, what it costs. */
export const patroniChecks = (interval: number, nodes: number): number => (3 * nodes) / interval;

/** How far the proxies on each node go. */
export function nodeLimits({ postgres }: Pick<Settings, "postgres">): Limit[] {
  if (postgres.backend !== "patroni") return [];
  const { interval } = postgres.proxy.check;
  return [
    {
      what: "Checks of Patroni by the nodes' proxies, over TLS",
      limit: `${figure(patroniChecks(interval, 1))} a second and node to each of ${postgres.members} members`,
      met: `20 nodes: ${figure(patroniChecks(interval, 20))} a second to each; 100 nodes: ${figure(patroniChecks(interval, 100))}`,
      settings: ["postgres.proxy.check.interval", "cluster.clientNodes"],
      next: "a longer interval, or name the nodes that have clients in `cluster.clientNodes`: [connections.md](connections.md#what-it-costs)",
    },
  ];
}

/** Space for objects that MinIO has, in bytes. */
export function usableBytes(minio: MinioSettings, zones: number): number {
  const { servers, drives, driveSize } = minio;
  // That there is a layout is a rule of config/rules/objectStore.ts.
  return servers * drives * toBytes(driveSize) * (erasureLayout({ ...minio, zones })?.efficiency ?? 0);
}

/** How far the object store goes. */
export function objectStoreLimits(settings: Settings, assumed: Assumptions): Limit[] {
  const { cluster, objectStore, backup, offsite } = settings;
  const offsiteCopy: Limit[] =
    offsite.backend === "none"
      ? []
      : [
          {
            what: "The first copy of Dify's files to the second site",
            limit: `${figure(assumed.uplinkGbit)} Gbit/s; \`backup.objects.bandwidth\` is ${backup.objects.bandwidth}`,
            met: `${size(firstCopy(backup.objects, assumed))} of files: more do not arrive within ${backup.objects.deadline} h. The next run goes on from there`,
            settings: ["backup.objects.deadline", "backup.objects.bandwidth"],
            next: "a longer deadline for the first one, or more bandwidth",
          },
        ];
  if (objectStore.backend !== "minio") return offsiteCopy;
  const zones = cluster.zones.length;
  const layout = erasureLayout({ ...objectStore, zones });
  if (!layout) return offsiteCopy;
  const { servers, drives, driveSize, retention } = objectStore;
  const usable = usableBytes(objectStore, zones);
  // Twice: in their own bucket, and in that of the backups.
  const files = (data: number) => Math.max(0, usable - heldInCluster(settings, assumed, data).total) / 2;
  const { setSize, parity, lostDrives, writeQuorum } = layout;
  return [
    {
      what: "Space for objects and backups",
      limit: `${servers} servers x ${drives} drives x ${driveSize} x ${setSize - parity}/${setSize} = ${size(usable)}`,
      met: `${size(files(100e9))} of files beside a database of 100 GB, ${size(files(1e12))} beside one of 1 TB: files lie in it twice, in their bucket and as a copy among the backups. What was deleted counts for ${retention.noncurrentDays} days more`,
      settings: ["objectStore.driveSize", "objectStore.retention"],
      next: "larger volumes, all of them (runbook `grow-volumes`); then buckets elsewhere (`objectStore.backend: s3`). Further pools of servers are not in the settings yet",
    },
    {
      what: "Failures that the object store stands",
      limit: `${parity} of the ${setSize} drives of a set for reads, ${setSize - writeQuorum} for writes`,
      met: `a zone, which has ${lostDrives} of them: ${parity - lostDrives === 0 ? "none beyond it" : `${parity - lostDrives} more beyond it`}`,
      settings: ["objectStore.servers", "objectStore.drives", "objectStore.parity"],
      next: "a higher `parity` for less space; decided before there are data",
    },
    {
      what: "Connections to the object store",
      limit: `${figure(objectStore.proxy.maxConnections)} through the proxy of a node`,
      met: `${figure(objectStore.proxy.maxConnections)} files that are read or written at once from one node`,
      settings: ["objectStore.proxy.maxConnections"],
      next: "a higher one",
    },
    ...offsiteCopy,
  ];
}

const units = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 } as const;

/** Bytes that a run of the copy sends at most. */
export function firstCopy(
  { bandwidth, deadline }: Settings["backup"]["objects"],
  { uplinkGbit }: Pick<Assumptions, "uplinkGbit">,
): number {
  const limit = Number(bandwidth.slice(0, -1)) * units[bandwidth.slice(-1) as keyof typeof units];
  const line = uplinkGbit * 125e6;
  return (bandwidth === "off" ? line : Math.min(line, limit)) * deadline * 3600;
}

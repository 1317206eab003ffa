import type { DifySettings } from "../../config/dify.ts";
import type { Autoscaling } from "../../config/scaling.ts";
import type { Settings } from "../../config/settings.ts";
import type { DatabaseClient } from "../postgres/sizing.ts";
import { difyVersion } from "./versions.ts";

/** Processes of Dify that connect to PostgreSQL, at most at once. */
export interface DifyDatabaseClient extends DatabaseClient {
  readonly database: "dify" | "plugin";
}

interface Pool {
  readonly size: number;
  readonly overflow: number;
}

/**
 * Each search in pgvector makes a pool of one connection and closes it (pgvector.py of Dify), so that a process has as many as it searches
 * at once. Assumed: no more than it has connections of its own, since what searches also reads its data set from the database.
 */
const searches = ({ size, overflow }: Pool): Pool => ({ size: 0, overflow: size + overflow });

/** Replicas at the height of load. */
export const most = (replicas: number | Autoscaling) => (typeof replicas === "number" ? replicas : replicas.max);

/** Pods at the height of a rolling update: one that is told to end finishes its runs for up to maxExecutionSeconds, while the others go on being replaced. */
const atOnce = (pods: number) => 2 * pods;

/** Number of plugin daemons: as set, or as many as the version can carry. */
export function pluginDaemonReplicas({
  version,
  pluginDaemon,
}: Pick<DifySettings, "version" | "pluginDaemon">): number {
  return pluginDaemon.replicas ?? (difyVersion(version).pluginDaemon.replicated ? 2 : 1);
}

/** How many websocket servers there are; none where they are off or the version has none. */
export function websocketReplicas({ version, websocket }: Pick<DifySettings, "version" | "websocket">): number {
  return websocket.enabled && difyVersion(version).websocket !== "none" ? websocket.replicas : 0;
}

/** What PostgreSQL and its pooler must carry, from which their sizes are computed. */
export function databaseClients({ dify, vectorStore }: Pick<Settings, "dify" | "vectorStore">): DifyDatabaseClient[] {
  const { version, api, worker, websocket, pluginDaemon } = dify;
  const websockets = websocketReplicas(dify);
  const daemons = pluginDaemonReplicas(dify);
  const apis = atOnce(most(api.replicas)) * api.processes;
  const workers = atOnce(most(worker.replicas));
  return [
    client("api", apis, api.database),
    client("worker", workers, worker.database),
    // Seen to open none; one for what a version may yet do.
    client("beat", 1, { size: 1, overflow: 0 }),
    client("migration", 1, { size: 1, overflow: 1 }),
    // A single one ends before the next begins: see websocket.ts.
    ...(websockets > 0 ? [client("websocket", websockets === 1 ? 1 : atOnce(websockets), websocket.database)] : []),
    ...(vectorStore.kind === "pgvector"
      ? [
          client("searches of the api", apis, searches(api.database)),
          client("searches of the worker", workers, searches(worker.database)),
        ]
      : []),
    {
      ...client(
        "plugin-daemon",
        difyVersion(version).pluginDaemon.replicated ? atOnce(daemons) : daemons,
        pluginDaemon.database,
      ),
      database: "plugin",
    },
  ];
}

function client(name: string, processes: number, { size, overflow }: Pool): DifyDatabaseClient {
  return { name, database: "dify", processes, poolSize: size, overflow };
}

import type { DifySettings } from "../../config/dify.ts";
import type { Autoscaling } from "../../config/scaling.ts";
import type { Settings } from "../../config/settings.ts";
import type { DatabaseClient } from "../postgres/sizing.ts";
import { difyVersion } from "./versions.ts";

/** Processes of Dify that connect to PostgreSQL, at most at once: with the surplus pod of a rolling update. */
export interface DifyDatabaseClient extends DatabaseClient {
  readonly database: "dify" | "plugin";
}

interface Pool {
  readonly size: number;
  readonly overflow: number;
}

/** Connections that each process of api and worker keeps to pgvector: PGVECTOR_MIN_CONNECTION and PGVECTOR_MAX_CONNECTION of Dify. */
const vectorPool: Pool = { size: 1, overflow: 4 };

const most = (replicas: number | Autoscaling) => (typeof replicas === "number" ? replicas : replicas.max);

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
  const surplusDaemon = difyVersion(version).pluginDaemon.replicated ? 1 : 0;
  const apis = (most(api.replicas) + 1) * api.processes;
  const workers = most(worker.replicas) + 1;
  return [
    client("api", apis, api.database),
    client("worker", workers, worker.database),
    // Seen to open none; one for what a version may yet do.
    client("beat", 1, { size: 1, overflow: 0 }),
    client("migration", 1, { size: 1, overflow: 1 }),
    // A single one is replaced, not doubled: see websocket.ts.
    ...(websockets > 0 ? [client("websocket", websockets === 1 ? 1 : websockets + 1, websocket.database)] : []),
    ...(vectorStore.kind === "pgvector" ? [client("vectors", apis + workers, vectorPool)] : []),
    {
      ...client("plugin-daemon", pluginDaemonReplicas(dify) + surplusDaemon, pluginDaemon.database),
      database: "plugin",
    },
  ];
}

function client(name: string, processes: number, { size, overflow }: Pool): DifyDatabaseClient {
  return { name, database: "dify", processes, poolSize: size, overflow };
}

import type { DifySettings } from "../../config/dify.ts";
import type { Autoscaling } from "../../config/scaling.ts";
import { difyVersion } from "./versions.ts";

/** Processes that connect to PostgreSQL, and how many connections each may open: what its sizes must carry. */
export interface DatabaseClient {
  readonly name: string;
  readonly database: "dify" | "plugin";
  /** At most at once, with the surplus pod of a rolling update. */
  readonly processes: number;
  /** Connections that a process keeps. */
  readonly poolSize: number;
  /** Connections that it may open besides. */
  readonly overflow: number;
}

const most = (replicas: number | Autoscaling) => (typeof replicas === "number" ? replicas : replicas.max);

/** Number of plugin daemons: as set, or as many as the version can carry. */
export function pluginDaemonReplicas({
  version,
  pluginDaemon,
}: Pick<DifySettings, "version" | "pluginDaemon">): number {
  return pluginDaemon.replicas ?? (difyVersion(version).pluginDaemon.replicated ? 2 : 1);
}

/** Whether and how many websocket servers there are. */
export function websocketReplicas({ version, websocket }: Pick<DifySettings, "version" | "websocket">): number {
  return websocket.enabled && difyVersion(version).websocket !== "none" ? websocket.replicas : 0;
}

export function databaseClients(settings: DifySettings): DatabaseClient[] {
  const { version, api, worker, websocket, pluginDaemon } = settings;
  const websockets = websocketReplicas(settings);
  const daemons = pluginDaemonReplicas(settings);
  const client = (
    name: string,
    processes: number,
    { size, overflow }: { readonly size: number; readonly overflow: number },
  ): DatabaseClient => ({ name, database: "dify", processes, poolSize: size, overflow });
  return [
    client("api", (most(api.replicas) + 1) * api.processes, api.database),
    client("worker", most(worker.replicas) + 1, worker.database),
    // Seen to open none; a connection for what a version may yet do.
    client("beat", 1, { size: 1, overflow: 0 }),
    client("migration", 1, { size: 1, overflow: 1 }),
    // A single one is replaced, not doubled: see websocket.ts.
    ...(websockets > 0 ? [client("websocket", websockets === 1 ? 1 : websockets + 1, websocket.database)] : []),
    {
      ...client(
        "plugin-daemon",
        daemons + (difyVersion(version).pluginDaemon.replicated ? 1 : 0),
        pluginDaemon.database,
      ),
      database: "plugin",
    },
  ];
}

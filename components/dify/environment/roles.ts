import type { DifySettings } from "../../../config/dify.ts";
import type { RedisConnection } from "../../redis/connection.ts";
import { runTermination } from "../termination.ts";
import { poolEnvironment } from "./database.ts";

/** What the image of the API is started as. */
export type Role = "api" | "websocket" | "worker" | "beat";

/** Variables in which the roles differ; none of them is a secret. */
export function roleEnvironment(role: Role, settings: DifySettings, redis: RedisConnection): Record<string, string> {
  const { api, websocket, worker } = settings;
  switch (role) {
    case "api":
      return {
        ...serverEnvironment(settings, "gevent", api.processes, api.connections),
        ...poolEnvironment(api.database),
      };
    case "websocket":
      return {
        // Rooms are kept by process, so one each.
        ...serverEnvironment(
          settings,
          "geventwebsocket.gunicorn.workers.GeventWebSocketWorker",
          1,
          websocket.connections,
        ),
        ...poolEnvironment(websocket.database),
      };
    case "worker":
      return {
        MODE: "worker",
        CELERY_WORKER_AMOUNT: `${worker.concurrency}`,
        ...(worker.queues && { CELERY_QUEUES: worker.queues.join(",") }),
        BROKER_PORTS: brokerPorts(redis),
        ...poolEnvironment(worker.database),
      };
    case "beat":
      return {
        MODE: "beat",
        // Celery reads its options from CELERY_<COMMAND>_<OPTION>; its own place is beside the program, which is read-only.
        CELERY_BEAT_SCHEDULE: "/tmp/celerybeat-schedule",
        BROKER_PORTS: brokerPorts(redis),
        ...poolEnvironment({ size: 1, overflow: 0 }),
      };
  }
}

/** A server of requests. Class and time-out are given because the image's own defaults differ from the composition's. */
function serverEnvironment(settings: DifySettings, workerClass: string, processes: number, connections: number) {
  return {
    MODE: "api",
    SERVER_WORKER_CLASS: workerClass,
    SERVER_WORKER_AMOUNT: `${processes}`,
    SERVER_WORKER_CONNECTIONS: `${connections}`,
    GUNICORN_TIMEOUT: "360",
    // Streams last as long as the run that they show; gunicorn would cut them after 30 s.
    GUNICORN_CMD_ARGS: `--graceful-timeout ${runTermination(settings).finish}`,
  };
}

/** Ports on which the broker may be reached: the servers behind Sentinels, or the proxy. */
function brokerPorts({ port }: RedisConnection): string {
  return [...new Set([6379, port])].join(" ");
}

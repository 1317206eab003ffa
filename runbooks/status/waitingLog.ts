import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { CoreV1Api, Exec, type KubeConfig } from "@kubernetes/client-node";
import { names, paths, roles } from "../../components/postgres/layout.ts";
import { nameLabel } from "../../components/workload/labels.ts";
import { clusterProblem } from "../cluster.ts";

/** Log of the primary that was closed and has not arrived in every archive. */
export interface WaitingLog {
  readonly segments: number;
}

/** Of a standby nothing; of the primary how many segments wait. What is open is closed in time, unless nothing was written. */
export const waitingLogSql =
  "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name ~ '^[0-9A-F]{24}[.]ready$' HAVING NOT pg_is_in_recovery()";

/** Asks the primary, inside its own pod. @throws when no member leads, or none can be asked. */
export async function readWaitingLog(config: KubeConfig, namespace: string): Promise<WaitingLog> {
  const core = config.makeApiClient(CoreV1Api);
  try {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `${nameLabel}=${names.members}` });
    const pods = items.map(({ metadata }) => metadata?.name ?? "");
    const answers = await Promise.all(pods.map((pod) => ask(config, namespace, pod).catch(() => "")));
    const segments = answers.find((answer) => /^\d+$/.test(answer));
    if (segments !== undefined) return { segments: Number(segments) };
  } catch (error) {
    throw new Error(clusterProblem(error, config));
  }
  throw new Error("no member of Postgres says that it leads");
}

async function ask(config: KubeConfig, namespace: string, pod: string): Promise<string> {
  const psql = ["psql", "-XAtq", "-h", paths.sockets, "-U", roles.superuser, "-c", waitingLogSql];
  const output = new PassThrough();
  const said = text(output);
  const socket = await new Exec(config).exec(namespace, pod, "postgres", psql, output, null, null, false);
  socket.on("close", () => output.end());
  return (await said).trim();
}

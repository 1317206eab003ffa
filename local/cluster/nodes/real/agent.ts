import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureIdentity } from "../../pki/index.ts";
import type { ServerProcess } from "../../process/supervise.ts";
import type { NodeContext } from "../index.ts";

export const agentName = "node-agent";

const folder = join(import.meta.dirname, "agent");

/** The process that enforces network policies on all real nodes and makes their volumes. */
export async function describeAgent({ dir, settings }: NodeContext): Promise<ServerProcess> {
  const server = { host: "127.0.0.1", port: settings.ports.apiServer };
  const { kubeconfig } = await ensureIdentity(dir, agentName, { commonName: "dify-ha:node-agent" }, server);
  const sources = readdirSync(folder).map((file) => join(folder, file));
  return {
    name: agentName,
    program: process.execPath,
    args: [join(folder, "main.ts"), "--dir", dir, "--kubeconfig", kubeconfig],
    ports: [],
    files: [kubeconfig, ...sources],
  };
}

import { startInDebian, type DebianNetwork } from "./run.ts";

/**
 * Opens a loopback of its own for several programs, where every port and every address of 127.0.0.0/8 is free: configurations run
 * with the very ports that they have in a cluster, and names lead to addresses by a file "/etc/hosts". Gone when it is closed.
 */
export async function openNetwork(): Promise<DebianNetwork & { close(): Promise<void> }> {
  const holder = startInDebian({ argv: ["sh", "-c", "echo open; exec sleep infinity"], network: "own" });
  await holder.printed(/open/);
  return { namespace: `/proc/${holder.pid}/ns/net`, close: async () => void (await holder.stop()) };
}

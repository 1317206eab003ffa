import { setClocksRight } from "./clock.ts";
import { kubectl } from "./kubernetes.ts";
import { mendNetwork, nodesOff, reconnect, restorePower, restoreSimulated } from "./nodes.ts";
import type { Stack } from "./stack.ts";
import { freeVolumes } from "./volumes.ts";

/** Takes back whatever a fault does and an interrupted test left: it may be called at any time, and does nothing when all is well. */
export async function tidy(stack: Stack): Promise<void> {
  for (const { name } of nodesOff(stack)) await restorePower(stack.dir, name);
  for (const { name } of stack.nodes) await reconnect(stack.dir, name);
  await mendNetwork(stack);
  setClocksRight(stack.nodes);
  await freeVolumes(stack);
  await restoreSimulated(stack);
  await kubectl(stack, "uncordon", ...stack.nodes.map(({ name }) => name));
}

import { workloadName } from "../workload/pod.ts";
import { kubectl, podsOf, type Pod } from "./kubernetes.ts";
import type { Stack } from "./stack.ts";

/** The proxy that the workload uses: the one of its own node. @throws when there is none. */
export async function proxyOfClients(stack: Stack, proxies: string): Promise<Pod> {
  const place = [`--namespace=${stack.namespaces.app}`, "--output=jsonpath={.spec.nodeName}"];
  const node = await kubectl(stack, "get", "pod", workloadName, ...place);
  const proxy = (await podsOf(stack, proxies)).find((pod) => pod.node === node);
  if (!proxy) throw new Error(`No pod of ${proxies} on ${node}.`);
  return proxy;
}

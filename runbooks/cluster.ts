import { ApiException, KubeConfig } from "@kubernetes/client-node";
import { Failure, messageOf } from "../local/failure.ts";

/**
 * The cluster of a stack, by the kubeconfig that kubectl would take.
 * @param context What the output `clusterContext` says. @default the current one
 */
export function clusterConfig(context: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (error) {
    throw new Failure(
      `The kubeconfig cannot be read: ${messageOf(error)}. Set KUBECONFIG to that of the stack's cluster.`,
    );
  }
  if (context !== undefined) {
    if (!config.getContextObject(context))
      throw new Failure(
        `The kubeconfig has no context "${context}", in which the stack runs: set KUBECONFIG to one that has.`,
      );
    config.setCurrentContext(context);
  }
  if (!config.getCurrentCluster())
    throw new Failure("The kubeconfig has no current context: set KUBECONFIG to that of the stack's cluster.");
  return config;
}

/** What went wrong with a question to the cluster, in one line: what the API server said, or why it said nothing. */
export function clusterProblem(error: unknown, config: KubeConfig): string {
  if (error instanceof ApiException) return `the cluster says: ${statusMessage(error)}`;
  return `the cluster ${config.getCurrentCluster()?.server ?? ""} does not answer: ${messageOf(error)}`;
}

function statusMessage({ body, code }: ApiException<unknown>): string {
  try {
    const status = (typeof body === "string" ? JSON.parse(body) : body) as { message?: string } | undefined;
    if (status?.message) return status.message;
  } catch {
    // Not every answer comes from the API server itself: a proxy may answer with a page.
  }
  return `status ${code}`;
}

export const isNotFound = (error: unknown): boolean => error instanceof ApiException && error.code === 404;

import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "../../local/failure.ts";
import { clusterProblem, isNotFound } from "../cluster.ts";
import { drillKinds, drillResultSchema, resultConfigMap, resultKey, type DrillResult } from "../drills/result.ts";

/** The newest result of each kind of drill that there is. */
export async function readProofs(config: KubeConfig, namespace: string): Promise<DrillResult[]> {
  const core = config.makeApiClient(CoreV1Api);
  const results = await Promise.all(
    drillKinds.map(async (kind) => {
      const name = resultConfigMap(kind);
      try {
        const { data } = await core.readNamespacedConfigMap({ name, namespace });
        const text = data?.[resultKey];
        return text === undefined ? [] : [parsed(name, text)];
      } catch (error) {
        if (isNotFound(error)) return [];
        throw error instanceof Unreadable ? error : new Error(clusterProblem(error, config));
      }
    }),
  );
  return results.flat();
}

class Unreadable extends Error {}

function parsed(name: string, text: string): DrillResult {
  try {
    return drillResultSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new Unreadable(`ConfigMap ${name} holds no result of a drill: ${messageOf(error).split("\n")[0]}`);
  }
}

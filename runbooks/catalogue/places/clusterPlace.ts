import { CoreV1Api, type KubeConfig, type V1ConfigMap } from "@kubernetes/client-node";
import { clusterProblem, isNotFound } from "../../cluster.ts";
import { isRecordId } from "../record.ts";
import type { Place } from "./place.ts";

const label = { key: "dify-ha/catalogue", value: "record" } as const;
const prefix = "backup-record-";
const file = "record.json";

/** Name of a record's ConfigMap: names have no capitals. */
const nameOf = (id: string): string => `${prefix}${id.toLowerCase()}`;

/** The identifier that a ConfigMap's name stands for. */
const idOf = (name: string): string => name.slice(prefix.length).replace(/^(\d+)t(\d+)z/, "$1T$2Z");

/** Records in the cluster, a ConfigMap each: backup-record-ID. */
export function clusterPlace(name: string, namespace: string, cluster: () => KubeConfig): Place {
  async function ask<T>(question: (core: CoreV1Api) => Promise<T>): Promise<T> {
    const config = cluster();
    try {
      return await question(config.makeApiClient(CoreV1Api));
    } catch (error) {
      throw new Error(clusterProblem(error, config));
    }
  }
  return {
    name,
    list: () =>
      ask(async (core) => {
        const labelSelector = `${label.key}=${label.value}`;
        const { items } = await core.listNamespacedConfigMap({ namespace, labelSelector });
        return items.map(({ metadata }) => idOf(metadata?.name ?? "")).filter(isRecordId);
      }),
    read: (id) =>
      ask(
        async (core) =>
          (await present(() => core.readNamespacedConfigMap({ name: nameOf(id), namespace })))?.data?.[file],
      ),
    write: (id, text) =>
      ask(async (core) => {
        const body: V1ConfigMap = {
          metadata: { name: nameOf(id), namespace, labels: { [label.key]: label.value } },
          data: { [file]: text },
        };
        const replaced = await present(() => core.replaceNamespacedConfigMap({ name: nameOf(id), namespace, body }));
        if (!replaced) await core.createNamespacedConfigMap({ namespace, body });
      }),
    remove: (id) =>
      ask(async (core) => void (await present(() => core.deleteNamespacedConfigMap({ name: nameOf(id), namespace })))),
  };
}

/** The answer, or undefined when there is no such object. */
async function present<T>(question: () => Promise<T>): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

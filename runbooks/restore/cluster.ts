import {
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  type V1ConfigMap,
  type V1Pod,
} from "@kubernetes/client-node";
import { nameLabel } from "../../components/workload/labels.ts";
import { Failure, messageOf } from "../../local/failure.ts";
import { clusterProblem, isNotFound } from "../cluster.ts";
import { execute, type Executed } from "../exec.ts";

/** The cluster as a restore uses it: one line in place of what the API throws. */
export class RestoreCluster {
  readonly namespaces: { readonly app: string; readonly data: string };
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly batch: BatchV1Api;
  readonly custom: CustomObjectsApi;
  readonly #config: KubeConfig;

  constructor(config: KubeConfig, namespaces: { readonly app: string; readonly data: string }) {
    this.#config = config;
    this.namespaces = namespaces;
    this.core = config.makeApiClient(CoreV1Api);
    this.apps = config.makeApiClient(AppsV1Api);
    this.batch = config.makeApiClient(BatchV1Api);
    this.custom = config.makeApiClient(CustomObjectsApi);
  }

  /** @throws Failure when the cluster refuses or does not answer. */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw error instanceof Failure ? error : new Failure(clusterProblem(error, this.#config));
    }
  }

  /** The answer; undefined when there is no such object. */
  present<T>(question: () => Promise<T>): Promise<T | undefined> {
    return this.ask(async () => {
      try {
        return await question();
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    });
  }

  /** Puts a ConfigMap, in place of the one before. */
  async putConfigMap(namespace: string, body: V1ConfigMap): Promise<void> {
    const name = body.metadata?.name ?? "";
    const replaced = await this.present(() => this.core.replaceNamespacedConfigMap({ name, namespace, body }));
    if (!replaced) await this.ask(() => this.core.createNamespacedConfigMap({ namespace, body }));
  }

  /** Names of a workload's pods in the data namespace whose container runs, in order. */
  async running(workload: string, container: string): Promise<string[]> {
    const wanted = { namespace: this.namespaces.data, labelSelector: `${nameLabel}=${workload}` };
    const { items } = await this.ask(() => this.core.listNamespacedPod(wanted));
    const runs = ({ metadata, status }: V1Pod) =>
      metadata?.deletionTimestamp === undefined &&
      (status?.containerStatuses ?? []).some(({ name, state }) => name === container && state?.running !== undefined);
    return items
      .filter(runs)
      .map(({ metadata }) => metadata?.name ?? "")
      .sort();
  }

  /** Runs a command in a pod of the data namespace. */
  async execute(pod: string, container: string, command: readonly string[]): Promise<Executed> {
    try {
      return await execute(this.#config, { namespace: this.namespaces.data, pod, container }, command);
    } catch (error) {
      const reason = typeof error === "object" && error !== null && "error" in error ? error.error : error;
      throw new Failure(`Nothing can be run in pod ${pod}: ${messageOf(reason)}`);
    }
  }
}

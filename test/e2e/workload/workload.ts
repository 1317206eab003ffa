import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException, AppsV1Api, CoreV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";
import { namespaceNames } from "../../../components/network/namespaces.ts";
import { names } from "../../../components/postgres/layout.ts";
import { execute } from "../../../runbooks/exec.ts";
import { askCommand, programFolder, workloadName, workloadPod } from "./pod.ts";
import { parseProgress, parseReport, type Progress, type Report } from "./report.ts";

export { reportTable, type Progress, type Report, type StreamName, type StreamReport } from "./report.ts";

const clientFolder = join(import.meta.dirname, "client");
/** How long the pod may take until every stream has had a success, in seconds: its probe gives up after 120. */
const startSeconds = 150;

export interface WorkloadArgs {
  readonly kubeconfig: string;
  /** Of the stack's namespaces. @default "dify" */
  readonly namespacePrefix?: string;
  /** Node on which the workload must not run, because it will be lost. */
  readonly avoid?: string;
}

export interface CrowdArgs {
  readonly dify: number;
  readonly plugin: number;
  readonly seconds: number;
}

/** What came of a crowd of connections. */
export interface Crowd {
  /** That were open at the same time. */
  readonly most: number;
  readonly queries: number;
  /** How often each message was an error's. */
  readonly errors: Readonly<Record<string, number>>;
}

/**
 * Starts what stands for Dify in end-to-end tests: a pod that writes and reads as Dify's workers would, through what they would go
 * through. One at a time: another one that runs is replaced.
 * @returns when every kind of work has had its first success. @throws with the pod's log when that takes too long.
 */
export async function startWorkload({ kubeconfig, namespacePrefix = "dify", avoid }: WorkloadArgs): Promise<Workload> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const namespaces = namespaceNames({ prefix: namespacePrefix });
  const apps = config.makeApiClient(AppsV1Api);
  const namespace = namespaces.app;
  const [worker, pluginDaemon, members] = await Promise.all([
    apps.readNamespacedDeployment({ namespace, name: "worker" }),
    apps.readNamespacedDeployment({ namespace, name: "plugin-daemon" }),
    apps.readNamespacedStatefulSet({ namespace: namespaces.data, name: names.members }),
  ]);
  const [member] = members.spec?.template.spec?.containers ?? [];
  if (!member?.image) throw new Error(`StatefulSet ${names.members} has no container.`);
  const workload = new Workload(config, namespace);
  const pod = workloadPod({ worker, pluginDaemon, image: member.image, ...(avoid !== undefined && { avoid }) });
  await workload.create(pod);
  return workload;
}

/** A running workload. */
export class Workload {
  readonly #config: KubeConfig;
  readonly #core: CoreV1Api;
  readonly #namespace: string;

  constructor(config: KubeConfig, namespace: string) {
    this.#config = config;
    this.#core = config.makeApiClient(CoreV1Api);
    this.#namespace = namespace;
  }

  /** Notes in the report and in the log that something happens now. */
  async mark(label: string): Promise<void> {
    await this.#ask("/mark", { label });
  }

  /** How work goes on, and its longest gap. @param since @default the start */
  async gap(since?: Date): Promise<Progress> {
    return parseProgress(await this.#ask("/live", since && { since: String(since.getTime() / 1000) }));
  }

  /** Ends the work, reads back all that was acknowledged and sums up. The same report again when it is asked again. */
  async report(): Promise<Report> {
    return parseReport(await this.#ask("/report"));
  }

  /** Opens so many connections to each database through the poolers at once, besides the work, and keeps them busy. */
  async crowd({ dify, plugin, seconds }: CrowdArgs): Promise<Crowd> {
    const command = ["python3", "-B", `${programFolder}/crowd.py`, `${dify}`, `${plugin}`, `${seconds}`];
    return JSON.parse(await this.#run(command)) as Crowd;
  }

  /** Takes away the pod and what it has written. What a pod leaves behind that cannot be asked any more, the next one takes away. */
  async remove(): Promise<void> {
    try {
      await this.report();
      await this.#ask("/clean");
    } catch (error) {
      process.stderr.write(`The workload leaves what it has written: ${(error as Error).message}\n`);
    } finally {
      await this.#delete();
    }
  }

  /** Takes away the pod alone: what it has written is the next one's to take away. */
  end(): Promise<void> {
    return this.#delete();
  }

  async create(pod: V1Pod): Promise<void> {
    await this.#delete();
    const files = readdirSync(clientFolder).filter((file) => file.endsWith(".py"));
    const data = Object.fromEntries(files.map((file) => [file, readFileSync(join(clientFolder, file), "utf8")]));
    const metadata = { name: workloadName, namespace: this.#namespace };
    await this.#core.createNamespacedConfigMap({ namespace: this.#namespace, body: { metadata, data } });
    await this.#core.createNamespacedPod({ namespace: this.#namespace, body: pod });
    await this.#started();
  }

  async #started(): Promise<void> {
    const deadline = Date.now() + startSeconds * 1000;
    for (;;) {
      const { status } = await this.#core.readNamespacedPod({ namespace: this.#namespace, name: workloadName });
      if (status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True")) return;
      if (status?.phase === "Failed" || Date.now() > deadline)
        throw new Error(`The workload did not start: ${JSON.stringify(status)}\n${await this.#explanation()}`);
      await sleep(500);
    }
  }

  /** What the pod has printed, and what each kind of work has come to. */
  async #explanation(): Promise<string> {
    const place = { namespace: this.#namespace, name: workloadName };
    const texts = [this.#core.readNamespacedPodLog(place), this.#ask("/live")];
    const settled = await Promise.allSettled(texts);
    return settled.map((result) => (result.status === "fulfilled" ? result.value : String(result.reason))).join("\n");
  }

  #ask(path: string, query: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.#run(askCommand(path, query));
  }

  /** @throws with all that it printed, when it fails. */
  async #run(command: readonly string[]): Promise<string> {
    const place = { namespace: this.#namespace, pod: workloadName, container: "workload" };
    const { code, stdout, stderr } = await execute(this.#config, place, command);
    if (code === 0) return stdout;
    throw new Error([stdout, stderr, `It ended with ${code}.`].filter(Boolean).join("\n"));
  }

  async #delete(): Promise<void> {
    const place = { namespace: this.#namespace, name: workloadName };
    await gone(this.#core.deleteNamespacedConfigMap(place));
    await gone(this.#core.deleteNamespacedPod({ ...place, gracePeriodSeconds: 1 }));
    while (await present(this.#core.readNamespacedPod(place))) await sleep(200);
  }
}

async function present(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return false;
    throw error;
  }
}

async function gone(request: Promise<unknown>): Promise<void> {
  await present(request);
}

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiException, CoreV1Api, type V1Container, type V1Pod, type V1Volume } from "@kubernetes/client-node";
import type { TestCluster } from "./cluster.ts";
import { startInDebian, type RunningProgram } from "./debian.ts";
import { freePort, issueCertificates, loopbackNames } from "./servers.ts";

/**
 * A node whose kubelet is played by the test. Pods of Jobs run for real, in Debian, with the variables and files that the API server has for them and with
 * directories of this machine; their logs are served as a kubelet does. All other pods are said to be ready, and end when they should.
 */
export class PlayedNode {
  readonly name: string;
  /** Programs that were started, by the pod's name. */
  readonly programs = new Map<string, RunningProgram>();
  private readonly namespace: string;
  private readonly core: CoreV1Api;
  private readonly server: Server;
  private readonly work: string;
  private readonly loop: Promise<void>;
  private ended = false;

  private constructor(cluster: TestCluster, namespace: string, node: { name: string; server: Server; work: string }) {
    this.core = cluster.config.makeApiClient(CoreV1Api);
    this.namespace = namespace;
    this.name = node.name;
    this.server = node.server;
    this.work = node.work;
    this.server.on("request", ({ url = "" }, response) => response.end(this.log(new URL(url, "https://node"))));
    this.loop = this.run();
  }

  static async start(cluster: TestCluster, namespace: string): Promise<PlayedNode> {
    const port = await freePort();
    const { kubelet } = await issueCertificates({ kubelet: loopbackNames });
    const server = createServer({ cert: kubelet.certificate, key: kubelet.key });
    await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
    const name = `played-${port}`;
    await cluster.config.makeApiClient(CoreV1Api).createNode({
      body: {
        metadata: { name, labels: { "kubernetes.io/hostname": name } },
        // For our pods only.
        spec: { taints: [{ key: "test/played", effect: "NoSchedule" }] },
        status: {
          capacity: { cpu: "8", memory: "64Gi", pods: "100" },
          allocatable: { cpu: "8", memory: "64Gi", pods: "100" },
          addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
          daemonEndpoints: { kubeletEndpoint: { Port: port } },
          conditions: [ready()],
        },
      },
    });
    return new PlayedNode(cluster, namespace, { name, server, work: await mkdtemp(join(tmpdir(), "node-")) });
  }

  async stop(): Promise<void> {
    this.ended = true;
    await this.loop;
    await Promise.all([...this.programs.values()].map((program) => program.stop()));
    await this.core.deleteNode({ name: this.name });
    this.server.closeAllConnections();
    this.server.close();
    await rm(this.work, { recursive: true });
  }

  /** Variables of a container as its pod gets them. */
  async environment({ env = [], envFrom = [] }: V1Container): Promise<Record<string, string>> {
    const values: Record<string, string> = {};
    for (const { configMapRef, secretRef } of envFrom)
      Object.assign(
        values,
        configMapRef ? await this.configMap(configMapRef.name) : {},
        secretRef ? await this.secret(secretRef.name) : {},
      );
    for (const { name, value, valueFrom } of env) {
      const { configMapKeyRef: inMap, secretKeyRef: inSecret } = valueFrom ?? {};
      values[name] =
        value ??
        (inMap && (await this.configMap(inMap.name))[inMap.key]) ??
        (inSecret && (await this.secret(inSecret.name))[inSecret.key]) ??
        "";
    }
    return values;
  }

  private async configMap(name = ""): Promise<Record<string, string>> {
    return (await this.core.readNamespacedConfigMap({ name, namespace: this.namespace })).data ?? {};
  }

  private async secret(name = ""): Promise<Record<string, string>> {
    const { data = {} } = await this.core.readNamespacedSecret({ name, namespace: this.namespace });
    return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]));
  }

  private log({ pathname, searchParams }: URL): string {
    const output = this.programs.get(pathname.split("/")[3] ?? "")?.output ?? "";
    return output
      .trimEnd()
      .split("\n")
      .slice(-Number(searchParams.get("tailLines") ?? 1000))
      .join("\n");
  }

  private async run(): Promise<void> {
    const { namespace, name } = this;
    let beat = 0;
    while (!this.ended) {
      if (Date.now() - beat > 20_000) {
        const value = [ready()];
        await this.core.patchNodeStatus({ name, body: [{ op: "replace", path: "/status/conditions", value }] });
        beat = Date.now();
      }
      const { items } = await this.core.listNamespacedPod({ namespace, fieldSelector: `spec.nodeName=${name}` });
      for (const pod of items) await this.play(pod);
      await new Promise((done) => setTimeout(done, 200));
    }
  }

  private async play(pod: V1Pod): Promise<void> {
    const name = pod.metadata?.name ?? "";
    if (pod.metadata?.deletionTimestamp) {
      await this.programs.get(name)?.stop();
      // It may be kept for a moment by its Job's controller.
      await this.core
        .deleteNamespacedPod({ name, namespace: this.namespace, gracePeriodSeconds: 0 })
        .catch((error: unknown) => ignore(error, 404));
    } else if (pod.status?.phase === "Pending" && !this.programs.has(name)) {
      if (pod.metadata?.ownerReferences?.some(({ kind }) => kind === "Job")) await this.start(pod);
      const running = { ready: true, restartCount: 0, image: "", imageID: "", state: { running: {} } };
      const containerStatuses = (pod.spec?.containers ?? []).map((container) => ({ ...running, name: container.name }));
      await this.say(name, { phase: "Running", conditions: [ready()], containerStatuses });
    }
  }

  private async start(pod: V1Pod): Promise<void> {
    const name = pod.metadata?.name ?? "";
    const container = pod.spec?.containers[0];
    if (!container) return;
    const files: Record<string, string> = {};
    const folders: Record<string, string> = {};
    const mounts: Record<string, string> = {};
    const [, resultFolder = "", resultFile = ""] = /^(.*)\/(.*)$/.exec(container.terminationMessagePath ?? "") ?? [];
    const result = await mkdtemp(join(this.work, "result-"));
    for (const { name: volumeName, mountPath, subPath = "", readOnly } of container.volumeMounts ?? []) {
      const volume = pod.spec?.volumes?.find((each) => each.name === volumeName);
      const texts = volume?.configMap ? await this.configMap(volume.configMap.name) : {};
      for (const [file, text] of Object.entries(texts)) files[`${mountPath}/${file}`] = text;
      const directory = volume && (await this.directory(volume));
      if (directory) (readOnly ? mounts : folders)[mountPath] = join(directory, subPath);
    }
    folders[resultFolder] = result;
    const [program = "", ...args] = container.command ?? [];
    const env = await this.environment(container);
    const running = startInDebian({ argv: [program, ...args], env, files, folders, mounts });
    this.programs.set(name, running);
    void running.ended.then(async ({ exitCode }) => {
      const now = new Date();
      const said = await readFile(join(result, resultFile), "utf8").catch(() => "");
      // As with FallbackToLogsOnError.
      const message = said || (exitCode === 0 ? "" : running.output.slice(-2048));
      const state = { terminated: { exitCode, startedAt: now, finishedAt: now, message } };
      await this.say(name, {
        phase: exitCode === 0 ? "Succeeded" : "Failed",
        conditions: [{ type: "Ready", status: "False" }],
        containerStatuses: [{ name: container.name, image: "", imageID: "", ready: false, restartCount: 0, state }],
      });
    });
  }

  /** The directory of this machine behind a volume. */
  private async directory({ hostPath, persistentVolumeClaim: claim }: V1Volume): Promise<string | undefined> {
    if (!claim) return hostPath?.path;
    const { spec } = await this.core.readNamespacedPersistentVolumeClaim({
      name: claim.claimName,
      namespace: this.namespace,
    });
    return (await this.core.readPersistentVolume({ name: spec?.volumeName ?? "" })).spec?.hostPath?.path;
  }

  /** A controller writes at the same time; and somebody may have deleted it meanwhile. */
  private async say(name: string, status: NonNullable<V1Pod["status"]>): Promise<void> {
    const at = { name, namespace: this.namespace };
    for (;;) {
      try {
        const pod = await this.core.readNamespacedPod(at);
        // What has ended stays so.
        if (["Succeeded", "Failed"].includes(pod.status?.phase ?? "")) return;
        await this.core.replaceNamespacedPodStatus({ ...at, body: { ...pod, status: { ...pod.status, ...status } } });
        return;
      } catch (error) {
        if (error instanceof ApiException && error.code === 404) return;
        ignore(error, 409);
      }
    }
  }
}

const ready = () => ({ type: "Ready", status: "True", reason: "Test", message: "", lastHeartbeatTime: new Date() });

function ignore(error: unknown, code: number): void {
  if (!(error instanceof ApiException) || error.code !== code) throw error;
}

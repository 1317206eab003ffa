import { ApiException, CoreV1Api, type V1PersistentVolumeClaim, type V1Pod } from "@kubernetes/client-node";
import type { RunningProgram } from "./debian.ts";
import type { TestCluster } from "./cluster.ts";
import type { Declared } from "./mocks.ts";
import type { NamedNetwork } from "./namedNetwork.ts";
import { containerProgram, podSpec } from "./renderedPod.ts";

const template = "volume-copy";

/** Pods that ask for it are left alone by the cluster's own scheduler and nodes. */
export const schedulerName = "played-by-the-test";

/**
 * Plays driver and kubelet for the pods of volume-copy: the volume that a pod's claim asks for is a folder of this machine, and what its container runs is run
 * in Debian, as the pod's user. Its end is told to the API server as a kubelet does.
 */
export class VolumeKubelet {
  /** What snapshots hold: a folder by the snapshot's name. A pod that wants another one waits for its volume, for ever. */
  readonly contents = new Map<string, string>();
  /** Pods that it has run with a volume, and the claims that were made for them. */
  readonly made: { readonly pod: V1Pod; readonly claim: V1PersistentVolumeClaim }[] = [];
  /** In place of what the program declares; read when a pod starts. */
  env: Record<string, string> = {};
  files: Record<string, string> = {};
  private readonly programs = new Map<string, RunningProgram>();
  private readonly core: CoreV1Api;
  private readonly namespace: string;
  private readonly network: NamedNetwork;
  private readonly resources: readonly Declared[];
  private readonly loop: Promise<void>;
  private ended = false;

  constructor(cluster: TestCluster, namespace: string, network: NamedNetwork, resources: readonly Declared[]) {
    this.core = cluster.config.makeApiClient(CoreV1Api);
    this.namespace = namespace;
    this.network = network;
    this.resources = resources;
    this.loop = this.run();
  }

  /** Claims that are there for pods of ours. */
  async claims(): Promise<V1PersistentVolumeClaim[]> {
    const { namespace } = this;
    return (await this.core.listNamespacedPersistentVolumeClaim({ namespace, labelSelector: "dify-ha/copy=volume" }))
      .items;
  }

  async stop(): Promise<void> {
    this.ended = true;
    await this.loop;
    await Promise.all([...this.programs.values()].map((program) => program.stop()));
  }

  private async run(): Promise<void> {
    const { namespace } = this;
    const labelSelector = `app.kubernetes.io/name=${template}`;
    while (!this.ended) {
      const { items } = await this.core.listNamespacedPod({ namespace, labelSelector });
      const names = new Set(items.map(({ metadata }) => metadata?.name));
      for (const [name, program] of this.programs) if (!names.has(name)) program.signal("TERM");
      for (const pod of items) if (!this.programs.has(pod.metadata?.name ?? "")) await this.start(pod);
      await new Promise((done) => setTimeout(done, 200));
    }
  }

  private async start(pod: V1Pod): Promise<void> {
    const name = pod.metadata?.name ?? "";
    if (pod.status?.phase !== "Pending" || pod.metadata?.deletionTimestamp) return;
    const volume = pod.spec?.volumes?.find((each) => each.name === "volume");
    const claim =
      volume?.ephemeral && (await this.claims()).find(({ metadata }) => metadata?.name === `${name}-volume`);
    const folder = claim && this.contents.get(claim.spec?.dataSource?.name ?? "");
    if (volume?.ephemeral && !folder) return;
    if (claim) this.made.push({ pod, claim });
    const rendered = containerProgram(this.resources, podSpec(this.resources, "CronJob", template), "restic");
    const plain = (pod.spec?.containers[0]?.env ?? []).filter(({ valueFrom }) => !valueFrom);
    const own = Object.fromEntries(plain.map((each) => [each.name, each.value ?? ""]));
    const { runAsUser, runAsGroup } = pod.spec?.securityContext ?? {};
    const program = this.network.start(name, {
      ...rendered,
      user: `${runAsUser}:${runAsGroup}`,
      env: { ...rendered.env, ...own, ...this.env },
      files: { ...rendered.files, ...this.files },
      ...(folder && { mounts: { "/volume": folder } }),
    });
    this.programs.set(name, program);
    await this.say(name, { phase: "Running", conditions: [{ type: "Ready", status: "True" }] });
    void program.ended.then(async ({ exitCode }) => {
      const now = new Date();
      // As with FallbackToLogsOnError.
      const message = exitCode === 0 ? "" : program.output.slice(-2048);
      const state = { terminated: { exitCode, startedAt: now, finishedAt: now, message } };
      const container = { name: "restic", image: "", imageID: "", ready: false, restartCount: 0, state };
      await this.say(name, {
        phase: exitCode === 0 ? "Succeeded" : "Failed",
        conditions: [{ type: "Ready", status: "False" }],
        containerStatuses: [container],
      });
      this.programs.delete(name);
    });
  }

  /** The Job's controller writes at the same time; and somebody may have deleted it meanwhile. */
  private async say(name: string, status: NonNullable<V1Pod["status"]>): Promise<void> {
    const at = { name, namespace: this.namespace };
    const once = async () => {
      const pod = await this.core.readNamespacedPod(at);
      await this.core.replaceNamespacedPodStatus({ ...at, body: { ...pod, status: { ...pod.status, ...status } } });
    };
    for (;;) {
      try {
        return await once();
      } catch (error) {
        const code = error instanceof ApiException ? error.code : 0;
        if (code === 404) return;
        if (code !== 409) throw error;
      }
    }
  }
}

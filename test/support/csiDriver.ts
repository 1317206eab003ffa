import { CustomObjectsApi } from "@kubernetes/client-node";
import { untilServed, type TestCluster } from "./cluster.ts";

const kind = { group: "snapshot.storage.k8s.io", version: "v1", plural: "volumesnapshots" } as const;

export interface VolumeSnapshot {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly source: { readonly persistentVolumeClaimName: string } };
  readonly status?: SnapshotStatus;
}

interface SnapshotStatus {
  readonly readyToUse?: boolean;
  readonly creationTime?: string;
  readonly restoreSize?: string;
  readonly error?: { readonly message: string; readonly time: string };
}

/** Plays the snapshot controller and the driver in a namespace: says of each new snapshot what the driver would. */
export class CsiDriver {
  /** What becomes of snapshots of a claim; "silent" says nothing. @default "good" */
  readonly fates = new Map<string, "good" | "failed" | "silent">();
  private readonly api: CustomObjectsApi;
  private readonly namespace: string;
  private readonly loop: Promise<void>;
  private ended = false;

  private constructor(api: CustomObjectsApi, namespace: string) {
    this.api = api;
    this.namespace = namespace;
    this.loop = this.run();
  }

  /** Begins once the kind is served. */
  static async start(cluster: TestCluster, namespace: string): Promise<CsiDriver> {
    const api = cluster.config.makeApiClient(CustomObjectsApi);
    await untilServed(api, { ...kind, namespace });
    return new CsiDriver(api, namespace);
  }

  async snapshots(): Promise<VolumeSnapshot[]> {
    const list = (await this.api.listNamespacedCustomObject({ ...kind, namespace: this.namespace })) as {
      items: VolumeSnapshot[];
    };
    return list.items;
  }

  async create(name: string, claim: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    const spec = { volumeSnapshotClassName: "dify-zfs", source: { persistentVolumeClaimName: claim } };
    const body = { apiVersion: "snapshot.storage.k8s.io/v1", kind: "VolumeSnapshot", metadata: { name, labels }, spec };
    await this.api.createNamespacedCustomObject({ ...kind, namespace: this.namespace, body });
  }

  async say(name: string, status: SnapshotStatus): Promise<void> {
    const at = { ...kind, namespace: this.namespace, name };
    const current = (await this.api.getNamespacedCustomObject(at)) as VolumeSnapshot;
    await this.api.replaceNamespacedCustomObjectStatus({ ...at, body: { ...current, status } });
  }

  async stop(): Promise<void> {
    this.ended = true;
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.ended) {
      for (const { metadata, spec, status } of await this.snapshots()) {
        const fate = this.fates.get(spec.source.persistentVolumeClaimName) ?? "good";
        if (status || fate === "silent") continue;
        const time = `${new Date().toISOString().slice(0, 19)}Z`;
        const said: SnapshotStatus =
          fate === "good"
            ? { readyToUse: true, creationTime: time, restoreSize: "1Gi" }
            : { readyToUse: false, error: { message: "the pool has no space", time } };
        // Somebody may have deleted it meanwhile.
        await this.say(metadata.name, said).catch(() => undefined);
      }
      await new Promise((done) => setTimeout(done, 200));
    }
  }
}

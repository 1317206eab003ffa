import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from "@kubernetes/client-node";
import { messageOf } from "../../../../failure.ts";
import { ApiError } from "../../../../plugins/kubernetes/client.ts";
import type { Properties } from "../../../../plugins/protocol/values.ts";
import type { RealNode } from "../topology.ts";
import { log } from "./log.ts";
import { reconciler } from "./reconcile.ts";
import { growVolume, makeVolume, removeVolume } from "./volumeOnNode.ts";
import { requested, volumeFor, volumeName, volumeTasks, type VolumeTask } from "./volumePlan.ts";
import { Watched, type Api } from "./watch.ts";

const mergePatch = { contentType: "application/merge-patch+json" };
const apply = { contentType: "application/apply-patch+yaml", query: { fieldManager: "dify-ha-node-agent" } };

/** Makes, grows and removes volumes of the nodes as claims come and go, for as long as this process runs. */
export function provideVolumes(api: Api, nodes: readonly RealNode[]): void {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const change = reconciler(async () => {
    if (!claims.isComplete || !volumes.isComplete) return;
    const tasks = volumeTasks(claims.list(), volumes.list(), new Set(byName.keys()));
    const results = await Promise.allSettled(
      tasks.map(async (task) => {
        const node = byName.get(task.node);
        if (node) await perform(api, task, node);
      }),
    );
    const problems = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    if (problems.length > 0) throw new AggregateError(problems, problems.map(messageOf).sort().join("; "));
  });
  const claims = new Watched<V1PersistentVolumeClaim>(api, "/api/v1/persistentvolumeclaims", change);
  const volumes = new Watched<V1PersistentVolume>(api, "/api/v1/persistentvolumes", change);
}

/** What is recorded in the API comes last: what was cut off before is done again. */
async function perform({ client }: Api, task: VolumeTask, node: RealNode): Promise<void> {
  const send = (path: string, body: object, options: typeof mergePatch) =>
    client.request("PATCH", path, { ...options, body: body as Properties });
  switch (task.kind) {
    case "make": {
      const { claim } = task;
      const name = volumeName(claim);
      const classPath = `/apis/storage.k8s.io/v1/storageclasses/${claim.spec?.storageClassName}`;
      const storageClass = (await client.request("GET", classPath)).body as unknown as V1StorageClass;
      const volume = volumeFor(claim, node.name, storageClass);
      await makeVolume(node, name, requested(claim));
      await send(objectPath(name), volume, apply);
      return log(`${node.name}: made volume ${name} for ${claim.metadata?.namespace}/${claim.metadata?.name}`);
    }
    case "grow": {
      const { claim, volume } = task;
      const name = volume.metadata?.name ?? "";
      const capacity = { storage: claim.spec?.resources?.requests?.["storage"] };
      await growVolume(node, name, requested(claim));
      await send(objectPath(name), { spec: { capacity } }, mergePatch);
      const claimPath = `/api/v1/namespaces/${claim.metadata?.namespace}/persistentvolumeclaims/${claim.metadata?.name}`;
      await send(`${claimPath}/status`, { status: { capacity } }, mergePatch);
      return log(`${node.name}: grew volume ${name} to ${capacity.storage}`);
    }
    case "remove": {
      const name = task.volume.metadata?.name ?? "";
      await removeVolume(node, name);
      await client.request("DELETE", objectPath(name)).catch((error: unknown) => {
        if (!(error instanceof ApiError && error.status === 404)) throw error;
      });
      return log(`${node.name}: removed volume ${name}`);
    }
  }
}

const objectPath = (name: string): string => `/api/v1/persistentvolumes/${name}`;

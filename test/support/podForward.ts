import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api } from "@kubernetes/client-node";
import { execa } from "execa";
import { binDir, eventually, type TestCluster } from "./cluster.ts";
import { freePort } from "./servers/server.ts";

export interface ForwardedService {
  readonly namespace: string;
  /** Name of the Service, and start of its pods' names. */
  readonly service: string;
  readonly port: number;
  /** Port of this machine where what the pods would run listens. */
  readonly target: number;
}

/**
 * A Service in the test's cluster with a ready pod whose port-forward leads to a server of this machine: kwok answers as the kubelet,
 * everything up to it is real. @returns how to end it.
 */
export async function forwardedService(cluster: TestCluster, wanted: ForwardedService): Promise<() => Promise<void>> {
  const { namespace, service, port, target } = wanted;
  const folder = await mkdtemp(join(tmpdir(), "kwok-"));
  const kubeletPort = await freePort();
  const node = `forwards-${kubeletPort}`;
  await writeFile(join(folder, "forward.yaml"), forwardOf(port, target));
  const core = cluster.config.makeApiClient(CoreV1Api);
  await core.createNode({
    body: {
      metadata: { name: node },
      // For our pod only.
      spec: { taints: [{ key: "test/forwards", effect: "NoSchedule" }] },
      status: {
        capacity: { cpu: "1", memory: "1Gi", pods: "10" },
        addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
        daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
        conditions: [{ type: "Ready", status: "True", reason: "Test", message: "" }],
      },
    },
  });
  // It wants stages of something, though none is ever taken here.
  const stages = join(import.meta.dirname, "..", "..", "local", "cluster", "nodes", "stages", "volumes.yaml");
  const kwok = execa(
    join(binDir, "kwok"),
    [
      `--kubeconfig=${cluster.kubeconfig}`,
      `--manage-single-node=${node}`,
      `--server-address=127.0.0.1:${kubeletPort}`,
      `--config=${stages}`,
      `--config=${join(folder, "forward.yaml")}`,
    ],
    { reject: false },
  );
  await core.createNamespacedService({
    namespace,
    body: { metadata: { name: service }, spec: { selector: { app: service }, ports: [{ port }] } },
  });
  const pod = {
    metadata: { name: `${service}-0`, labels: { app: service } },
    spec: { nodeName: node, tolerations: [{ operator: "Exists" }], containers: [{ name: "server", image: "none" }] },
  };
  // The namespace's own account is made a moment after it.
  await eventually(
    () => core.createNamespacedPod({ namespace, body: pod }).catch((error: unknown) => String(error)),
    (answer) => typeof answer !== "string",
  );
  const ready = [{ op: "add", path: "/status/conditions", value: [{ type: "Ready", status: "True" }] }];
  await core.patchNamespacedPodStatus({ namespace, name: `${service}-0`, body: ready });
  // It listens once it has seen the cluster.
  await eventually(
    () => canConnect(kubeletPort),
    (listens) => listens,
  );
  return async () => {
    await core.deleteNode({ name: node });
    kwok.kill();
    await kwok;
    await rm(folder, { recursive: true });
  };
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => done(true)).on("error", () => done(false));
    socket.unref();
  });
}

const forwardOf = (port: number, target: number): string => `
apiVersion: kwok.x-k8s.io/v1alpha1
kind: ClusterPortForward
metadata:
  name: forward
spec:
  forwards:
  - ports: [${port}]
    target: { address: 127.0.0.1, port: ${target} }
`;

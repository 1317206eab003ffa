import { createServer, type AddressInfo, type Socket } from "node:net";
import { Writable } from "node:stream";
import { CoreV1Api, PortForward, type KubeConfig, type V1Pod } from "@kubernetes/client-node";
import { messageOf } from "../../local/failure.ts";

/** A Service inside a cluster. */
export interface ServiceAddress {
  readonly service: string;
  readonly namespace: string;
  readonly port: number;
}

/** A port of this machine that leads to a Service's pods. */
export interface Forward {
  readonly port: number;
  /** Why the last connection came to nothing; the client only sees it closed. */
  problem(): string | undefined;
  close(): void;
}

/** The Service that a URL names by its name inside the cluster; undefined when it is reached from anywhere. */
export function serviceOf(endpoint: string): ServiceAddress | undefined {
  const { hostname, port } = new URL(endpoint);
  const [, service, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local$/.exec(hostname) ?? [];
  return service && namespace ? { service, namespace, port: Number(port || 443) } : undefined;
}

/**
 * Opens a way to a Service through the Kubernetes API, as `kubectl port-forward` does. Each connection goes to the next of its ready
 * pods, so that one that is lost but not yet known to be is not asked twice in a row.
 * @throws what the API says, or that no pod is ready.
 */
export async function forwardService(config: KubeConfig, address: ServiceAddress): Promise<Forward> {
  const pods = await readyPods(config, address);
  if (pods.length === 0) throw new Error(`no pod of Service ${address.service} in ${address.namespace} is ready`);
  const forward = new PortForward(config);
  let problem: string | undefined;
  let turn = 0;

  const connect = async (socket: Socket) => {
    socket.on("error", () => socket.destroy());
    const giveUp = (reason: string) => {
      problem = reason;
      socket.destroy();
    };
    const pod = pods[turn++ % pods.length] ?? "";
    const refusals = new Writable({
      write(chunk: Buffer, _, done) {
        // The channel opens with an empty message.
        if (chunk.length > 0) giveUp(chunk.toString().trim());
        done();
      },
    });
    try {
      const way = await forward.portForward(address.namespace, pod, [address.port], socket, refusals, socket);
      if (typeof way === "function") return;
      // What has arrived is still handed on.
      way.on("close", () => socket.end());
      socket.on("close", () => way.close());
    } catch (error) {
      giveUp(`no way to pod ${pod}: ${reasonOf(error)}`);
    }
  };
  const server = createServer((socket) => void connect(socket));
  await new Promise<void>((done, failed) => server.once("error", failed).listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    problem: () => problem,
    close: () => server.close(),
  };
}

/** A websocket fails with an event that holds the error. */
const reasonOf = (error: unknown): string =>
  messageOf(typeof error === "object" && error !== null && "error" in error ? error.error : error);

async function readyPods(config: KubeConfig, { service, namespace }: ServiceAddress): Promise<string[]> {
  const core = config.makeApiClient(CoreV1Api);
  const { spec } = await core.readNamespacedService({ name: service, namespace });
  const labels = Object.entries(spec?.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  const { items } = await core.listNamespacedPod({ namespace, labelSelector: labels.join(",") });
  return items.filter(isReady).map(({ metadata }) => metadata?.name ?? "");
}

const isReady = ({ metadata, status }: V1Pod): boolean =>
  metadata?.deletionTimestamp === undefined &&
  (status?.conditions ?? []).some(({ type, status: is }) => type === "Ready" && is === "True");

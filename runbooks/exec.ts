import { Writable } from "node:stream";
import { Exec, type KubeConfig, type V1Status } from "@kubernetes/client-node";

/** A container of a pod. */
export interface Container {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** What a command printed, and how it ended. */
export interface Executed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command in a container, as `kubectl exec` does. That it fails is an answer.
 * @throws when it could not be begun, or the connection broke before it ended.
 */
export async function execute(config: KubeConfig, place: Container, command: readonly string[]): Promise<Executed> {
  const [stdout, stderr] = [new Collected(), new Collected()];
  const { promise: ended, resolve, reject } = Promise.withResolvers<V1Status>();
  const { namespace, pod, container } = place;
  const exec = new Exec(config);
  const socket = await exec.exec(namespace, pod, container, [...command], stdout, stderr, null, false, resolve);
  socket.on("close", () => reject(new Error(`the connection to pod ${pod} was closed before the command ended`)));
  const status = await ended.finally(() => socket.close());
  return { code: exitCode(status), stdout: stdout.text(), stderr: stderr.text() };
}

function exitCode({ status, details }: V1Status): number {
  if (status === "Success") return 0;
  return Number(details?.causes?.find(({ reason }) => reason === "ExitCode")?.message ?? 255);
}

class Collected extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8").trim();
  }
}

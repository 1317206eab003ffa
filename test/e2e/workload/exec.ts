import { Writable } from "node:stream";
import { Exec, type KubeConfig, type V1Status } from "@kubernetes/client-node";

export interface Container {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/**
 * Runs a command in a container and hands back what it printed.
 * @throws with what it printed to standard error, when it fails or the connection breaks.
 */
export async function execute(config: KubeConfig, place: Container, command: readonly string[]): Promise<string> {
  const stdout = new Collected();
  const stderr = new Collected();
  const { promise: ended, resolve, reject } = Promise.withResolvers<V1Status>();
  const { namespace, pod, container } = place;
  const socket = await new Exec(config).exec(
    namespace,
    pod,
    container,
    [...command],
    stdout,
    stderr,
    null,
    false,
    resolve,
  );
  socket.on("close", () => reject(new Error("the connection to the node was closed before the command ended")));
  const status = await ended.finally(() => socket.close());
  if (status.status === "Success") return stdout.text();
  throw new Error([stdout.text(), stderr.text(), status.message].filter(Boolean).join("\n"));
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

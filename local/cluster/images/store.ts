import { mkdir } from "node:fs/promises";
import { Failure } from "../../failure.ts";
import { runInDebian, startInDebian, type DebianProgram, type DebianResult } from "../../debian/run.ts";

/** Where containerd keeps images; a node has its own at the same place. */
const root = "/var/lib/containerd";
const state = "/run/images";
const socket = `${state}/containerd.sock`;

/** Images only: what runs containers is left out. */
const configuration = `version = 2
root = "${root}"
state = "${state}"
oom_score = 0
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${socket}"
`;

/** Time limit of one import or pull, in seconds: images of Dify have gigabytes, and lines are slow. */
const patience = 1800;

/** A folder of images while containerd serves it. */
export interface ImageStore {
  /** Takes over the images of an OCI layout. */
  import(layout: string): Promise<void>;
  /** Fetches an image from its registry. */
  pull(name: string, from: { readonly plainHttp: boolean }): Promise<DebianResult>;
  /** The names of all images. */
  names(): Promise<string[]>;
  /** Removes the packed form of what has been unpacked: half of the space. */
  dropPackedLayers(): Promise<void>;
}

/**
 * Serves the images of a folder for as long as `action` lasts, by a containerd of Debian's root file system. Several containerds on
 * one folder wait for each other for ever: the caller sees to it that there is one.
 * @param folders.root  All that is kept; made when it is not there.
 * @param folders.state Used while it lasts; of no use afterwards.
 */
export async function withStore<T>(
  folders: { readonly root: string; readonly state: string },
  action: (store: ImageStore) => Promise<T>,
): Promise<T> {
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
  const shared = { [state]: folders.state };
  const daemon = startInDebian({
    argv: ["containerd", "--config", "/etc/containerd/config.toml"],
    files: { "/etc/containerd/config.toml": configuration },
    folders: { ...shared, [root]: folders.root },
  });
  const run = (program: Pick<DebianProgram, "argv" | "mounts">, timeoutSeconds = 30) =>
    runInDebian({ ...program, folders: shared, env: { CONTAINERD_NAMESPACE: "k8s.io" }, timeoutSeconds });
  const ctr = (args: readonly string[], timeoutSeconds?: number, mounts: Readonly<Record<string, string>> = {}) =>
    run({ argv: ["ctr", "--address", socket, ...args], mounts }, timeoutSeconds);

  try {
    await daemon.printed(/successfully booted/);
    return await action({
      async import(layout) {
        // By ctr itself: what the daemon imports alone, Kubernetes does not see (containerd#13494).
        const pack = `tar -C /layout -cf - . | ctr --address ${socket} images import --local -`;
        succeeded(
          "import of images",
          await run({ argv: ["bash", "-o", "pipefail", "-c", pack], mounts: { "/layout": layout } }, patience),
        );
      },
      pull: (name, { plainHttp }) =>
        ctr(["images", "pull", "--local", ...(plainHttp ? ["--plain-http"] : []), name], patience, {
          "/etc/resolv.conf": "/etc/resolv.conf",
          "/etc/hosts": "/etc/hosts",
        }),
      names: async () =>
        succeeded("list of images", await ctr(["images", "ls", "-q"]))
          .split("\n")
          .filter(Boolean),
      dropPackedLayers: async () => void succeeded("clean-up", await ctr(["content", "prune", "references"], patience)),
    });
  } finally {
    await daemon.stop();
  }
}

function succeeded(what: string, { exitCode, stdout, stderr }: DebianResult): string {
  if (exitCode === 0) return stdout;
  throw new Failure(`The ${what} failed: ${lastLines(stderr || stdout)}`);
}

const lastLines = (text: string): string => text.trim().split("\n").slice(-3).join("\n");

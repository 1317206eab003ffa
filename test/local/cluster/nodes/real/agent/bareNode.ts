import { execa } from "execa";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootfsFolder } from "../../../../../../local/debian/rootfs.ts";
import type { RealNode } from "../../../../../../local/cluster/nodes/real/topology.ts";

const init = `set -eu
folder=$1 rootfs=$2
read -r pid _ </proc/self/stat
mount --make-rprivate /
root=$folder/root
mount -t tmpfs tmpfs "$root"
mkdir "$root/upper" "$root/work" "$root/merged"
mount -t overlay -o "lowerdir=$rootfs,upperdir=$root/upper,workdir=$root/work" overlay "$root/merged"
root=$root/merged
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/run/host" "$root/run/images" "$root/run/containerd" "$root/var/lib/dify-ha/volumes"
mount --bind "$folder/volumes" "$root/run/images"
echo "$pid" >"$folder/init.pid"
cd "$root"
pivot_root . run/host
umount -l /run/host
for image in /run/images/*.img; do
  [ -e "$image" ] || continue
  volume=/var/lib/dify-ha/volumes/$(basename "$image" .img)
  mkdir -p "$volume"
  mount -o loop "$image" "$volume"
done
python3 -I -S -c 'import socket; socket.socket(socket.AF_UNIX).bind("/run/containerd/containerd.sock")'
echo started
exec sleep infinity`;

function boot({ folder }: RealNode) {
  const namespaces = ["--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"];
  return execa("unshare", [...namespaces, "sh", "-c", init, "init", folder, rootfsFolder], { reject: false });
}

/** A node's root file system and volumes, as node.sh sets them up, with nothing that runs there. */
export class BareNode {
  readonly node: RealNode;
  readonly #dir = mkdtempSync(join(tmpdir(), "dify-ha-node-"));
  #process: ReturnType<typeof boot> | undefined;

  /** @param netns file of its network namespace, for what looks at it; it starts in the host's. */
  constructor(netns = "/none") {
    const name = "server-a1";
    const folder = join(this.#dir, "nodes", name);
    mkdirSync(join(folder, "volumes"), { recursive: true });
    mkdirSync(join(folder, "root"));
    // The control group by which its first process is known: every process is in some.
    this.node = {
      name,
      zone: "a",
      index: 1,
      address: "10.98.0.11",
      podCidr: "10.245.1.0/24",
      netns,
      folder,
      cgroup: "",
    };
    writeFileSync(join(this.#dir, "real-nodes.json"), JSON.stringify([this.node]));
  }

  /** The cluster's folder. */
  get dir(): string {
    return this.#dir;
  }

  async start(): Promise<void> {
    const child = boot(this.node);
    this.#process = child;
    const started = once(child.stdout, "data");
    const failed = child.then(({ stderr }) => Promise.reject(new Error(`The node did not start: ${stderr}`)));
    // It ends in the end, and then nobody waits any more.
    failed.catch(() => {});
    await Promise.race([started, failed]);
  }

  /** Everything on it ends at once. */
  async losePower(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process;
  }

  /** @returns what a program on the node prints. */
  async run(...argv: string[]): Promise<string> {
    const pid = readFileSync(join(this.node.folder, "init.pid"), "utf8").trim();
    return (await execa("nsenter", [`--target=${pid}`, "--mount", "--pid", "--root", "--wd=/", ...argv])).stdout;
  }

  async remove(): Promise<void> {
    await this.losePower();
    rmSync(this.#dir, { recursive: true });
  }
}

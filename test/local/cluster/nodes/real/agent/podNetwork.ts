import { execa } from "execa";
import { openNetwork } from "../../../../../../local/debian/network.ts";
import { startInDebian, type RunningProgram } from "../../../../../../local/debian/run.ts";
import { rootfsFolder } from "../../../../../../local/debian/rootfs.ts";

/** A network that nobody else has, such as a pod's. */
type Network = Awaited<ReturnType<typeof openNetwork>>;

/**
 * The network of a node "server-a1" with pods on its bridge (10.245.1.0/24), as its network plugin makes it, and of pods of another node
 * (10.245.2.0/24), to which packets are routed. Every pod answers on TCP 5432 and 5433 and on UDP 53.
 */
export class PodNetwork {
  readonly #node: Network;
  readonly #pods = new Map<string, Network>();
  readonly #servers: RunningProgram[] = [];

  private constructor(node: Network) {
    this.#node = node;
  }

  static async open(addresses: readonly string[]): Promise<PodNetwork> {
    const network = new PodNetwork(await openNetwork());
    await network.#inNode(
      "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables",
    );
    await network.#inNode("ip link add cni0 type bridge; ip address add 10.245.1.1/24 dev cni0; ip link set cni0 up");
    await network.#inNode("ip link add lan type bridge; ip address add 10.245.2.1/24 dev lan; ip link set lan up");
    for (const address of addresses) await network.#addPod(address);
    return network;
  }

  /** File of the node's network namespace. */
  get netns(): string {
    return this.#node.namespace;
  }

  async #addPod(address: string): Promise<void> {
    const pod = await openNetwork();
    this.#pods.set(address, pod);
    const [bridge, gateway] = address.startsWith("10.245.1.") ? ["cni0", "10.245.1.1"] : ["lan", "10.245.2.1"];
    const cable = `veth${address.split(".").slice(2).join("-")}`;
    await this.#inNode(
      `ip link add ${cable} type veth peer name eth0 netns ${pod.namespace}; ip link set ${cable} master ${bridge} up` +
        // As the plugin's hairpinMode: a pod that is sent back what it sent takes it.
        `; echo 1 >/sys/class/net/${cable}/brport/hairpin_mode 2>/dev/null || bridge link set dev ${cable} hairpin on`,
    );
    const own = `ip address add ${address}/24 dev eth0; ip link set eth0 up; ip route add default via ${gateway}`;
    await execa("nsenter", [`--net=${pod.namespace}`, "sh", "-ec", own]);
    const server = startInDebian({ argv: ["python3", "-I", "-S", "-u", "-c", echoServer], network: pod });
    this.#servers.push(server);
    await server.printed(/ready/);
  }

  /** A Service, as kube-proxy makes it: its address is replaced by the pod's, and a pod that reaches itself so is masked. */
  async addService(address: string, port: number, pod: string, podPort: number): Promise<void> {
    const table = `table ip service {
      chain prerouting {
        type nat hook prerouting priority dstnat;
        ip daddr ${address} tcp dport ${port} dnat to ${pod}:${podPort}
      }
      chain postrouting {
        type nat hook postrouting priority srcnat;
        ip saddr ${pod} ip daddr ${pod} masquerade
      }
    }\n`;
    await execa("nsenter", [`--net=${this.netns}`, "chroot", rootfsFolder, "nft", "--file", "-"], { input: table });
  }

  /** Whether a pod gets an answer. @param from address of the pod, or "node". */
  async reaches(from: string, to: string, port: number, protocol: "tcp" | "udp" = "tcp"): Promise<boolean> {
    const { stdout } = await this.#start(from, "once", to, port, protocol);
    return stdout === "answer";
  }

  /** A connection that stays: says after each line that it is given whether there was an answer. */
  connect(from: string, to: string, port: number) {
    return this.#start(from, "lines", to, port, "tcp");
  }

  #start(from: string, mode: string, to: string, port: number, protocol: string) {
    const namespace = from === "node" ? this.netns : this.#pods.get(from)?.namespace;
    const client = ["python3", "-I", "-S", "-u", "-c", echoClient, mode, to, `${port}`, protocol];
    return execa("nsenter", [`--net=${namespace}`, "chroot", rootfsFolder, ...client], { reject: false });
  }

  #inNode(script: string) {
    return execa("nsenter", [`--net=${this.netns}`, "sh", "-ec", script]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
    await Promise.all([...this.#pods.values(), this.#node].map((network) => network.close()));
  }
}

const echoServer = `
import selectors, socket
waiting = selectors.DefaultSelector()
for kind, port in (socket.SOCK_STREAM, 5432), (socket.SOCK_STREAM, 5433), (socket.SOCK_DGRAM, 53):
    server = socket.socket(socket.AF_INET, kind)
    server.bind(("0.0.0.0", port))
    if kind == socket.SOCK_STREAM:
        server.listen()
    waiting.register(server, selectors.EVENT_READ, "accept" if kind == socket.SOCK_STREAM else "datagram")
print("ready")
while True:
    for key, _ in waiting.select():
        if key.data == "accept":
            waiting.register(key.fileobj.accept()[0], selectors.EVENT_READ, "connection")
        elif key.data == "datagram":
            data, sender = key.fileobj.recvfrom(100)
            key.fileobj.sendto(b"answer", sender)
        elif key.fileobj.recv(100):
            key.fileobj.send(b"answer")
        else:
            waiting.unregister(key.fileobj)
            key.fileobj.close()
`;

/** What is dropped is told from what is slow by time alone: answers here take a few milliseconds. */
const echoClient = `
import socket, sys
mode, host, port, protocol = sys.argv[1:]
client = socket.socket(socket.AF_INET, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
client.settimeout(0.8)
def ask():
    client.send(b"question")
    return client.recv(100).decode()
try:
    client.connect((host, int(port)))
    if mode == "once":
        print(ask(), end="")
    else:
        for line in sys.stdin:
            print(ask())
except OSError as error:
    print(error, end="")
`;

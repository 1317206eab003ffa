import { totalmem } from "node:os";
import { stringify } from "yaml";
import { nodeNames, realNetworks, type RealNode } from "./topology.ts";

/** Where a node finds what it is given; see node.sh. */
export const inNode = { programs: "/opt/dify-ha/bin", configuration: "/etc/dify-ha" } as const;

const at = (file: string): string => `${inNode.configuration}/${file}`;

/** Files of a node by name, all of them read from `/etc/dify-ha`. */
export function nodeFiles(node: RealNode, pauseImage: string): Record<string, string> {
  return {
    "containerd.toml": containerdConfig(pauseImage),
    "10-pods.conflist": `${JSON.stringify(podNetwork(node), null, 2)}\n`,
    "kubelet.yaml": stringify(kubeletConfig(node)),
    "kube-proxy.yaml": stringify(proxyConfig(node)),
    // No name server outside the cluster is reached from here.
    "resolv.conf": "",
    hosts: `127.0.0.1 localhost\n${node.address} ${node.name}\n`,
  };
}

/** Scores of the out-of-memory killer may not be lowered without CAP_SYS_RESOURCE, which containers of build machines lack. */
function containerdConfig(pauseImage: string): string {
  return `version = 2
oom_score = 0
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${inNode.configuration}/cni"
`;
}

/** A bridge a node; addresses are forgotten with /run, as after a reboot. */
function podNetwork(node: RealNode): object {
  const ipam = {
    type: "host-local",
    ranges: [[{ subnet: node.podCidr }]],
    routes: [{ dst: "0.0.0.0/0" }],
    dataDir: "/run/cni-addresses",
  };
  const bridge = { type: "bridge", bridge: "cni0", isGateway: true, ipMasq: false, hairpinMode: true, ipam };
  return { cniVersion: "0.4.0", name: "pods", plugins: [bridge] };
}

function kubeletConfig(node: RealNode): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: at("ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: at("kubelet.crt"),
    tlsPrivateKeyFile: at("kubelet.key"),
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    cgroupDriver: "cgroupfs",
    cgroupRoot: node.cgroup,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    makeIPTablesUtilChains: false,
    clusterDomain: "cluster.local",
    clusterDNS: [realNetworks.dns],
    resolvConf: at("resolv.conf"),
    // Every node sees the whole machine's memory: each leaves the others their share.
    systemReserved: { memory: `${othersShare()}Mi`, cpu: "100m" },
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    // Images come from a store that is baked once; nothing could bring one back.
    imageGCHighThresholdPercent: 100,
    maxPods: 110,
  };
}

const mebibyte = 1024 * 1024;

function othersShare(): number {
  return Math.floor((totalmem() / mebibyte) * (1 - 1 / nodeNames.length));
}

function proxyConfig(node: RealNode): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clientConnection: { kubeconfig: at("kube-proxy.kubeconfig") },
    clusterCIDR: realNetworks.pods,
    hostnameOverride: node.name,
    oomScoreAdj: 0,
    // These belong to the machine, not to a network namespace.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    nodePortAddresses: [`${node.address}/32`],
  };
}

/** Arguments of the kubelet beside its file. */
export function kubeletArguments(node: RealNode, labels: Readonly<Record<string, string>>): string[] {
  const all = { "topology.kubernetes.io/zone": node.zone, "topology.kubernetes.io/region": "local", ...labels };
  return [
    `--config=${at("kubelet.yaml")}`,
    `--kubeconfig=${at("kubelet.kubeconfig")}`,
    `--hostname-override=${node.name}`,
    `--node-ip=${node.address}`,
    `--node-labels=${Object.entries(all)
      .map(([key, value]) => `${key}=${value}`)
      .join(",")}`,
  ];
}

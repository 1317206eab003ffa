import { join } from "node:path";
import { networks, type ClusterPorts, type ClusterSettings } from "./layout.ts";
import { certFile, keyFile, type CertificatePath } from "./pki/certificate.ts";
import { lanOf, type Lan } from "./nodes/real/topology.ts";
import { componentKubeconfig, type Pki } from "./pki/index.ts";
import type { HealthPage } from "./process/health.ts";
import type { ServerProcess } from "./process/supervise.ts";

/** The processes of the control plane, by what they are to each other. */
export interface ControlPlane {
  readonly etcd: ServerProcess;
  readonly apiServer: ServerProcess;
  readonly controllerManager: ServerProcess;
  readonly scheduler: ServerProcess;
}

const auditPolicy = join(import.meta.dirname, "audit-policy.yaml");

/**
 * Who talks to whom: every listener on 127.0.0.1, every connection with TLS and a certificate on both sides. With real nodes all of it is
 * in the nodes' network, where the API server listens for them, too.
 */
export function controlPlane(dir: string, settings: ClusterSettings, pki: Pki): ControlPlane {
  const { binDir, ports } = settings;
  const lan = settings.nodes === "real" ? lanOf(dir) : undefined;
  const place = lan && { namespace: lan.netns };
  const etcdUrl = `https://127.0.0.1:${ports.etcd}`;
  const etcdPeerUrl = `https://127.0.0.1:${ports.etcdPeer}`;
  const etcdTls = (prefix: string): string[] => [
    `--${prefix}cert-file=${certFile(pki.etcd)}`,
    `--${prefix}key-file=${keyFile(pki.etcd)}`,
    `--${prefix}trusted-ca-file=${certFile(pki.etcdAuthority)}`,
    `--${prefix}client-cert-auth=true`,
  ];
  return {
    etcd: {
      name: "etcd",
      program: join(binDir, "etcd"),
      args: [
        "--name=local",
        `--data-dir=${join(dir, "etcd")}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=${etcdPeerUrl}`,
        `--initial-advertise-peer-urls=${etcdPeerUrl}`,
        `--initial-cluster=local=${etcdPeerUrl}`,
        ...etcdTls(""),
        ...etcdTls("peer-"),
        "--log-level=warn",
      ],
      ...place,
      ports: [ports.etcd, ports.etcdPeer],
      files: [certFile(pki.etcd), certFile(pki.etcdAuthority)],
    },
    apiServer: {
      name: "kube-apiserver",
      program: join(binDir, "kube-apiserver"),
      args: [
        `--secure-port=${ports.apiServer}`,
        ...(lan ? toNodes(lan, pki) : toNobody),
        `--service-cluster-ip-range=${networks.services}`,
        `--etcd-servers=${etcdUrl}`,
        `--etcd-cafile=${certFile(pki.etcdAuthority)}`,
        `--etcd-certfile=${certFile(pki.etcdClient)}`,
        `--etcd-keyfile=${keyFile(pki.etcdClient)}`,
        `--tls-cert-file=${certFile(pki.apiServer)}`,
        `--tls-private-key-file=${keyFile(pki.apiServer)}`,
        `--client-ca-file=${certFile(pki.authority)}`,
        "--anonymous-auth=false",
        "--authorization-mode=Node,RBAC",
        // Beside the defaults, among them PodSecurity, ResourceQuota, LimitRanger and ServiceAccount.
        "--enable-admission-plugins=NodeRestriction",
        // Pod Security labels decide about privileged pods, not the API server as a whole.
        "--allow-privileged=true",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        `--service-account-key-file=${pki.serviceAccountKey}`,
        `--service-account-signing-key-file=${pki.serviceAccountKey}`,
        `--audit-policy-file=${auditPolicy}`,
        `--audit-log-path=${join(dir, "log", "audit.log")}`,
        // In megabytes.
        "--audit-log-maxsize=50",
        "--audit-log-maxbackup=2",
        "--profiling=false",
      ],
      ...place,
      ports: [ports.apiServer],
      files: [...[pki.authority, pki.etcdAuthority, pki.etcdClient, pki.apiServer].map(certFile), auditPolicy],
    },
    controllerManager: {
      name: "kube-controller-manager",
      program: join(binDir, "kube-controller-manager"),
      args: [
        ...clientOfApiServer(pki, pki.controllerManager, ports.controllerManager),
        `--root-ca-file=${certFile(pki.authority)}`,
        `--service-account-private-key-file=${pki.serviceAccountKey}`,
        // Each controller with no more rights than its own role gives.
        "--use-service-account-credentials=true",
        "--allocate-node-cidrs=true",
        `--cluster-cidr=${networks.pods}`,
        `--service-cluster-ip-range=${networks.services}`,
        // A machine that slept or was busy for a minute must not look like six dead nodes. Real ones are judged as everywhere.
        ...(lan ? [] : ["--node-monitor-grace-period=120s"]),
        // Twenty a second, the default, would be the bottleneck of a whole stack that starts at once.
        "--kube-api-qps=200",
        "--kube-api-burst=400",
      ],
      ...place,
      ports: [ports.controllerManager],
      files: [certFile(pki.authority), componentKubeconfig(pki.controllerManager)],
    },
    scheduler: {
      name: "kube-scheduler",
      program: join(binDir, "kube-scheduler"),
      args: clientOfApiServer(pki, pki.scheduler, ports.scheduler),
      ...place,
      ports: [ports.scheduler],
      files: [certFile(pki.authority), componentKubeconfig(pki.scheduler)],
    },
  };
}

/** Nothing but loopback is advertised, and the reconciler refuses to publish that as an endpoint. */
const toNobody = ["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"];

/** The API server as pods find it, and its way to kubelets: logs, exec, port-forward. */
function toNodes(lan: Lan, pki: Pki): string[] {
  return [
    "--bind-address=0.0.0.0",
    `--advertise-address=${lan.address}`,
    `--kubelet-client-certificate=${certFile(pki.kubeletClient)}`,
    `--kubelet-client-key=${keyFile(pki.kubeletClient)}`,
    `--kubelet-certificate-authority=${certFile(pki.authority)}`,
    "--kubelet-preferred-address-types=InternalIP",
  ];
}

/**
 * What leads from this machine's 127.0.0.1 into the nodes' network, with the same ports. Two ends, since no process listens in one network
 * and connects in another.
 */
export function forwarders(dir: string, { ports }: ClusterSettings): readonly ServerProcess[] {
  const lan = lanOf(dir);
  const script = join(import.meta.dirname, "forward.ts");
  const published = [ports.apiServer, ports.etcd, ports.controllerManager, ports.scheduler];
  // Short, since the path of a socket ends after 107 characters.
  const socket = (port: number): string => `${lan.netns}-${port}.socket`;
  const end = (name: string, pairs: readonly string[]) => ({
    name,
    program: process.execPath,
    args: [script, ...pairs],
    files: [script],
  });
  return [
    {
      ...end(
        "forward-inside",
        published.flatMap((port) => [socket(port), `${port}`]),
      ),
      namespace: lan.netns,
      ports: [],
    },
    {
      ...end(
        "forward-outside",
        published.flatMap((port) => [`${port}`, socket(port)]),
      ),
      ports: published,
    },
  ];
}

/** What controller manager and scheduler have in common. There is one of each, so none is elected. */
function clientOfApiServer(pki: Pki, identity: CertificatePath, port: number): string[] {
  const kubeconfig = componentKubeconfig(identity);
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--tls-cert-file=${certFile(identity)}`,
    `--tls-private-key-file=${keyFile(identity)}`,
    `--client-ca-file=${certFile(pki.authority)}`,
    "--leader-elect=false",
    // All that there is to know about clients is in the file above.
    "--authentication-skip-lookup=true",
    "--profiling=false",
  ];
}

/** Where each server says whether it is well. */
export function healthPages(ports: ClusterPorts, pki: Pki): Record<keyof ControlPlane, HealthPage> {
  const authority = certFile(pki.authority);
  const clientOf = (path: CertificatePath) => ({ certificate: certFile(path), key: keyFile(path) });
  return {
    etcd: {
      port: ports.etcd,
      path: "/readyz",
      authority: certFile(pki.etcdAuthority),
      client: clientOf(pki.etcdClient),
    },
    apiServer: { port: ports.apiServer, path: "/readyz", authority, client: clientOf(pki.admin) },
    controllerManager: { port: ports.controllerManager, path: "/healthz", authority },
    scheduler: { port: ports.scheduler, path: "/healthz", authority },
  };
}

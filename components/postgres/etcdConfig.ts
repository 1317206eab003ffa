import { ports, tlsFiles } from "./layout.ts";

export interface EtcdMember {
  readonly name: string;
  readonly host: string;
}

export interface EtcdArguments {
  readonly members: readonly EtcdMember[];
  /** Name of the member that is started: a variable of the pod in the pod's template. */
  readonly name: string;
  /** Domain of the members' names among each other. */
  readonly domain: string;
  /** Domain of the names under which clients call them. */
  readonly clientDomain: string;
  readonly dataDir: string;
  /** Folder of ca.crt, tls.crt and tls.key. */
  readonly tls: string;
  /** Name in the peers' certificates. */
  readonly commonName: string;
}

/**
 * Command line of a member. A peer is known by its certificate's name and not by its address: the check of addresses asks the
 * DNS for the name of a pod that has just moved, and refuses it until the DNS knows.
 */
export function etcdArguments({
  members,
  name,
  domain,
  clientDomain,
  dataDir,
  tls,
  commonName,
}: EtcdArguments): string[] {
  const { client, peer, metrics } = ports.etcd;
  const { authority, certificate, key } = tlsFiles(tls);
  return [
    `--name=${name}`,
    `--data-dir=${dataDir}`,
    `--listen-client-urls=https://0.0.0.0:${client}`,
    `--advertise-client-urls=https://${name}.${clientDomain}:${client}`,
    `--listen-peer-urls=https://0.0.0.0:${peer}`,
    `--initial-advertise-peer-urls=https://${name}.${domain}:${peer}`,
    `--initial-cluster=${members.map((m) => `${m.name}=https://${m.host}:${peer}`).join(",")}`,
    "--initial-cluster-token=dify-ha",
    "--initial-cluster-state=new",
    // Probes and metrics without a certificate: they reveal nothing of what is stored.
    `--listen-metrics-urls=http://0.0.0.0:${metrics}`,
    "--client-cert-auth",
    `--trusted-ca-file=${authority}`,
    `--cert-file=${certificate}`,
    `--key-file=${key}`,
    "--peer-client-cert-auth",
    `--peer-trusted-ca-file=${authority}`,
    `--peer-cert-file=${certificate}`,
    `--peer-key-file=${key}`,
    `--peer-cert-allowed-cn=${commonName}`,
    "--peer-skip-client-san-verification",
    "--tls-min-version=TLS1.2",
    // A peer is dialled for one second plus the election's time-out: short, so that a link that comes back is used at once.
    "--heartbeat-interval=100",
    "--election-timeout=1000",
    // Ends watches of clients whose host is gone; Patroni opens new ones within its loop.
    "--grpc-keepalive-interval=5s",
    "--grpc-keepalive-timeout=3s",
    "--auto-compaction-mode=periodic",
    "--auto-compaction-retention=1h",
    `--quota-backend-bytes=${512 * 2 ** 20}`,
    "--logger=zap",
    "--log-level=warn",
  ];
}

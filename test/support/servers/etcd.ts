import type { Certificate } from "./certificates.ts";
import { ask, freePort, mountsOf, startServer, type Server } from "./server.ts";

export interface EtcdServer extends Server {
  /** "http://127.0.0.1:PORT", or https with TLS. */
  readonly endpoint: string;
  ctl(...args: string[]): Promise<string>;
}

/**
 * One etcd member, empty, on 127.0.0.1: the toolchain's, as new as in the cluster.
 * @param tls With it, clients must show a certificate of the same authority.
 */
export async function startEtcd({ tls }: { readonly tls?: Certificate } = {}): Promise<EtcdServer> {
  const [port, peerPort] = [await freePort(), await freePort()];
  const endpoint = `${tls ? "https" : "http"}://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const files = tls
    ? { "/etc/test/ca.crt": tls.authority, "/etc/test/etcd.crt": tls.certificate, "/etc/test/etcd.key": tls.key }
    : {};
  const secured = [
    "--client-cert-auth",
    "--trusted-ca-file=/etc/test/ca.crt",
    "--cert-file=/etc/test/etcd.crt",
    "--key-file=/etc/test/etcd.key",
  ];
  const argv: [string, ...string[]] = [
    "etcd",
    "--name=test",
    "--data-dir=/var/lib/etcd-test",
    `--listen-client-urls=${endpoint}`,
    `--advertise-client-urls=${endpoint}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    ...(tls ? secured : []),
  ];
  const server = await startServer({ argv, files, mounts: mountsOf("etcd") }, port, /serving client traffic/);
  const identity = tls ? ["--cacert=/etc/test/ca.crt", "--cert=/etc/test/etcd.crt", "--key=/etc/test/etcd.key"] : [];
  return {
    ...server,
    endpoint,
    ctl: (...args) =>
      ask({ argv: ["etcdctl", `--endpoints=${endpoint}`, ...identity, ...args], files, mounts: mountsOf("etcdctl") }),
  };
}

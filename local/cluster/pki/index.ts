import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { kubeconfigFile, networks } from "../layout.ts";
import {
  certFile,
  ensureCertificate,
  ensureSigningKey,
  keyFile,
  type CertificatePath,
  type CertificateRequest,
} from "./certificate.ts";

/** Certificates and keys of a cluster, each a path to <path>.crt and <path>.key. */
export interface Pki {
  /** Signs every identity of Kubernetes, but nothing that etcd would accept. */
  readonly authority: CertificatePath;
  /** Signs etcd and its one client, the API server. */
  readonly etcdAuthority: CertificatePath;
  readonly etcd: CertificatePath;
  readonly etcdClient: CertificatePath;
  readonly apiServer: CertificatePath;
  /** The API server as a client of kubelets. */
  readonly kubeletClient: CertificatePath;
  readonly controllerManager: CertificatePath;
  readonly scheduler: CertificatePath;
  readonly admin: CertificatePath;
  /** A file: signs and verifies the tokens of service accounts. */
  readonly serviceAccountKey: string;
}

const loopback = { addresses: ["127.0.0.1"], dnsNames: ["localhost"] };
const apiNames = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];

export function pkiPaths(dir: string): Pki {
  const path = (name: string): CertificatePath => join(dir, "pki", name);
  return {
    authority: path("ca"),
    etcdAuthority: path("etcd-ca"),
    etcd: path("etcd"),
    etcdClient: path("apiserver-etcd-client"),
    apiServer: path("apiserver"),
    kubeletClient: path("apiserver-kubelet-client"),
    controllerManager: path("controller-manager"),
    scheduler: path("scheduler"),
    admin: path("admin"),
    serviceAccountKey: path("service-accounts.key"),
  };
}

/** Where the API server is reached. */
export interface ApiServerAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Makes what is missing and renews what is about to expire; the rest stays as it is.
 * @param addresses of the API server beside loopback.
 */
export async function ensurePki(dir: string, apiServerPort: number, addresses: readonly string[] = []): Promise<Pki> {
  const pki = pkiPaths(dir);
  await Promise.all([
    ensureCertificate(pki.authority, { commonName: "dify-ha local cluster" }),
    ensureCertificate(pki.etcdAuthority, { commonName: "dify-ha local etcd" }),
  ]);
  ensureSigningKey(pki.serviceAccountKey);
  const { authority: issuer, etcdAuthority } = pki;
  await Promise.all([
    ensureCertificate(pki.etcd, { commonName: "etcd", issuer: etcdAuthority, ...loopback }),
    ensureCertificate(pki.etcdClient, { commonName: "kube-apiserver", issuer: etcdAuthority }),
    ensureCertificate(pki.apiServer, {
      commonName: "kube-apiserver",
      issuer,
      addresses: [...loopback.addresses, networks.apiService, ...addresses],
      dnsNames: [...loopback.dnsNames, ...apiNames],
    }),
    ensureCertificate(pki.kubeletClient, { commonName: "kube-apiserver", organization: "system:masters", issuer }),
    ensureCertificate(pki.controllerManager, { commonName: "system:kube-controller-manager", issuer, ...loopback }),
    ensureCertificate(pki.scheduler, { commonName: "system:kube-scheduler", issuer, ...loopback }),
    ensureCertificate(pki.admin, { commonName: "admin", organization: "system:masters", issuer }),
  ]);
  for (const identity of [pki.controllerManager, pki.scheduler])
    writeKubeconfig(componentKubeconfig(identity), pki.authority, identity, onLoopback(apiServerPort));
  writeKubeconfig(kubeconfigFile(dir), pki.authority, pki.admin, onLoopback(apiServerPort));
  return pki;
}

export const componentKubeconfig = (identity: CertificatePath): string => `${identity}.kubeconfig`;

const onLoopback = (port: number): ApiServerAddress => ({ host: "127.0.0.1", port });

/** A client of the API server: its certificate, and a kubeconfig with it. */
export interface Identity {
  readonly certificate: CertificatePath;
  readonly kubeconfig: string;
}

/** An identity of its own for what runs beside the control plane, known to RBAC by the request's `commonName` and `organization`. */
export async function ensureIdentity(
  dir: string,
  name: string,
  request: Omit<CertificateRequest, "issuer">,
  server: ApiServerAddress,
): Promise<Identity> {
  const { authority } = pkiPaths(dir);
  const certificate = join(dir, "pki", name);
  await ensureCertificate(certificate, { ...request, issuer: authority });
  writeKubeconfig(componentKubeconfig(certificate), authority, certificate, server);
  return { certificate, kubeconfig: componentKubeconfig(certificate) };
}

/** Certificates lie in it, not beside it: the file can be copied. */
function writeKubeconfig(
  file: string,
  authority: CertificatePath,
  identity: CertificatePath,
  { host, port }: ApiServerAddress,
): void {
  const name = "dify-ha-local";
  const embed = (path: string): string => readFileSync(path).toString("base64");
  const server = `https://${host}:${port}`;
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": embed(certFile(authority)) } }],
    users: [
      {
        name,
        user: { "client-certificate-data": embed(certFile(identity)), "client-key-data": embed(keyFile(identity)) },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
  writeFileSync(file, stringify(kubeconfig, { lineWidth: 0 }), { mode: 0o600 });
}

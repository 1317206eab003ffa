import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { MinioSettings } from "../../config/objectStore.ts";
import type { CertificateAuthority } from "../network/certificates.ts";
import { namespaceNames } from "../network/namespaces.ts";
import type { ContainerArgs } from "../workload/container.ts";
import { workloadLabels } from "../workload/labels.ts";
import { serviceHost } from "../workload/service.ts";
import { StatefulWorkload } from "../workload/stateful.ts";
import { encryptionKey } from "./buckets.ts";
import { objectStoreProxy } from "./proxy.ts";

const port = 9000;

export interface MinioArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: MinioSettings;
  readonly authority: CertificateAuthority;
  /** Of the administrator. */
  readonly rootPassword: pulumi.Input<string>;
  /** Base64 of 32 bytes. Without it no object can be read. */
  readonly encryptionKey: pulumi.Input<string>;
}

/** The argument that names every volume of every server; MinIO makes erasure sets of them in this order. */
export function volumesArgument(
  name: string,
  namespace: string,
  { servers, drives }: Pick<MinioSettings, "servers" | "drives">,
): string {
  const folder = drives === 1 ? "/data0" : `/data{0...${drives - 1}}`;
  return `https://${name}-{0...${servers - 1}}.${serviceHost(name, namespace)}:${port}${folder}`;
}

/** MinIO over the zones, with TLS and encryption at rest. Its clients use `NAME-s3`: proxies that lead to servers that answer. */
export class Minio extends pulumi.ComponentResource {
  /** URL for clients. */
  readonly endpoint: string;
  /** Keys: user, password (of the administrator), kms (the key's name and value). */
  readonly secret: k8s.core.v1.Secret;
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: MinioArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:objectStore:Minio", name, { settings: args.settings }, opts);
    this.endpoint = `https://${serviceHost(`${name}-s3`, namespaceNames(args.cluster).data)}:${port}`;
    this.secret = this.secrets(name, args);
    const certificate = this.certificate(name, args);
    const servers = this.servers(name, args, certificate);
    this.ready = [servers.statefulSet, this.proxies(name, args)];
    this.registerOutputs({ endpoint: this.endpoint });
  }

  private proxies(name: string, { cluster, namespace, settings, authority }: MinioArgs): pulumi.Resource {
    const domain = serviceHost(name, namespaceNames(cluster).data);
    return objectStoreProxy(
      `${name}-s3`,
      {
        cluster,
        namespace,
        settings,
        servers: Array.from({ length: settings.servers }, (_, i) => `${name}-${i}.${domain}`),
        port,
        authority: authority.certificate,
      },
      { parent: this },
    );
  }

  private secrets(name: string, args: MinioArgs): k8s.core.v1.Secret {
    return new k8s.core.v1.Secret(
      name,
      {
        metadata: { name, namespace: args.namespace, labels: { ...workloadLabels(name) } },
        stringData: {
          user: "administrator",
          password: args.rootPassword,
          kms: pulumi.interpolate`${encryptionKey}:${args.encryptionKey}`,
        },
      },
      { parent: this },
    );
  }

  private certificate(name: string, { namespace, cluster, authority }: MinioArgs): k8s.core.v1.Secret {
    const { data } = namespaceNames(cluster);
    const service = `${name}-s3`;
    return authority.issue(
      name,
      {
        namespace,
        dnsNames: [`*.${serviceHost(name, data)}`, serviceHost(service, data), `${service}.${data}.svc`, service],
      },
      { parent: this },
    ).secret;
  }

  private servers(name: string, args: MinioArgs, certificate: k8s.core.v1.Secret): StatefulWorkload {
    const { cluster, namespace, settings } = args;
    const data = Array.from({ length: settings.drives }, (_, i) => `data${i}`);
    return new StatefulWorkload(
      name,
      {
        cluster,
        namespace,
        replicas: settings.servers,
        ports: { https: port },
        runAs: { user: settings.user, group: settings.user },
        claims: Object.fromEntries(data.map((volume) => [volume, settings.driveSize])),
        backup: "object-copy",
        graceSeconds: 60,
        containers: [this.server(name, args, data)],
        volumes: [
          {
            name: "certificates",
            secret: {
              secretName: certificate.metadata.name,
              defaultMode: 0o440,
              // The names that MinIO looks for.
              items: [
                { key: "tls.crt", path: "public.crt" },
                { key: "tls.key", path: "private.key" },
                { key: "ca.crt", path: "CAs/ca.crt" },
              ],
            },
          },
        ],
        reads: [this.secret, certificate],
      },
      { parent: this },
    );
  }

  private server(name: string, { cluster, settings }: MinioArgs, data: readonly string[]): ContainerArgs {
    const secret = this.secret.metadata.name;
    const volumes = volumesArgument(name, namespaceNames(cluster).data, settings);
    const health = { httpGet: { path: "/minio/health/live", port, scheme: "HTTPS" }, timeoutSeconds: 5 };
    return {
      name: "minio",
      image: settings.image,
      args: ["server", "--address", `:${port}`, "--certs-dir", "/certificates", volumes],
      env: {
        MINIO_ROOT_USER: { secret, key: "user" },
        MINIO_ROOT_PASSWORD: { secret, key: "password" },
        MINIO_KMS_SECRET_KEY: { secret, key: "kms" },
        MINIO_BROWSER: "off",
        MINIO_CONN_USER_TIMEOUT: `${settings.deadPeer}s`,
        // Go listens by MPTCP, whose connections do not inherit that limit: half of the peers found a lost host after 20-30 s only.
        GODEBUG: "multipathtcp=0",
        // A member that comes back has another address.
        MINIO_DNS_CACHE_TTL: "5s",
        ...(settings.openMetrics && { MINIO_PROMETHEUS_AUTH_TYPE: "public" }),
        ...(settings.parity !== undefined && { MINIO_STORAGE_CLASS_STANDARD: `EC:${settings.parity}` }),
      },
      mounts: {
        ...Object.fromEntries(data.map((volume) => [`/${volume}`, { volume }])),
        "/certificates": { volume: "certificates", readOnly: true },
      },
      writable: ["/tmp"],
      resources: settings.resources,
      ports: [{ name: "https", containerPort: port }],
      startupProbe: { ...health, periodSeconds: 2, failureThreshold: 150 },
      livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 9 },
      readinessProbe: {
        ...health,
        httpGet: { ...health.httpGet, path: "/minio/health/ready" },
        periodSeconds: 5,
        failureThreshold: 2,
      },
    };
  }
}

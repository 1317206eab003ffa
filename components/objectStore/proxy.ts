import type * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { MinioSettings } from "../../config/objectStore.ts";
import { nodeProxy } from "../workload/haproxy.ts";
import type { PerNodeWorkload } from "../workload/perNode.ts";
import { proxyConfig } from "./proxyConfig.ts";

export interface ObjectStoreProxyArgs {
  readonly cluster: ClusterSettings;
  readonly namespace: pulumi.Input<string>;
  readonly settings: Pick<MinioSettings, "proxy">;
  /** Host of each server. */
  readonly servers: readonly string[];
  readonly port: number;
  /** PEM of the authority that signed the servers' certificate. */
  readonly authority: pulumi.Input<string>;
}

/**
 * Proxies before MinIO's servers. Dify's client waits a minute for a connection and cannot be told otherwise: without them, every
 * third request would wait for a lost server until Kubernetes has given up its node.
 * @param name Also the name of the Service by which clients know the store: the servers' certificate must have it.
 */
export function objectStoreProxy(
  name: string,
  { cluster, namespace, settings, servers, port, authority }: ObjectStoreProxyArgs,
  opts: pulumi.ComponentResourceOptions,
): PerNodeWorkload {
  const { image, resources, maxConnections } = settings.proxy;
  return nodeProxy(
    name,
    {
      cluster,
      namespace,
      image,
      resources,
      files: { "haproxy.cfg": proxyConfig({ servers, port, maxConnections }), "ca.crt": authority },
      port: { name: "https", number: port },
    },
    opts,
  );
}

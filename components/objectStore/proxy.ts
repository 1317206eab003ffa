import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { MinioSettings } from "../../config/objectStore.ts";
import { NodeProxy } from "../workload/haproxy.ts";
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
 */
export class ObjectStoreProxy extends pulumi.ComponentResource {
  /** Clients depend on it. */
  readonly ready: pulumi.Resource;

  /** @param name Also the name of the Service by which clients know the store: the servers' certificate must have it. */
  constructor(name: string, args: ObjectStoreProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:objectStore:ObjectStoreProxy", name, { settings: args.settings.proxy }, opts);
    const { cluster, namespace, servers, port, authority } = args;
    const { image, resources, maxConnections } = args.settings.proxy;
    const rendered = proxyConfig({ servers, port, maxConnections });
    this.ready = new NodeProxy(
      name,
      {
        cluster,
        namespace,
        image,
        resources,
        files: { "haproxy.cfg": rendered, "ca.crt": authority },
        port: { name: "https", number: port },
      },
      { parent: this },
    ).workload;
    this.registerOutputs({});
  }
}

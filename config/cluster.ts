import { z } from "zod";
import { placement } from "./placement.ts";

/** The Kubernetes cluster that everything runs on. */
export const clusterSettings = z
  .strictObject({
    /** Start of every namespace and cluster-wide name, so that environments can share a cluster. */
    prefix: z
      .string()
      .regex(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/, "must be a DNS label of at most 32 characters")
      .default("dify"),
    /** Zones of the nodes: values of the label topology.kubernetes.io/zone. Three, so that a majority survives one. */
    zones: z.array(z.string().min(1)).min(3).max(5).default(["a", "b", "c"]),
    /** Context in the kubeconfig; the current one when left out. */
    context: z.string().min(1).optional(),
    /** Nodes that get a proxy of every data service: those on which clients run. A client elsewhere uses the proxy of another node. */
    clientNodes: placement,
    /** Class of every volume; the cluster's default when left out. */
    storageClass: z.string().min(1).optional(),
    /** Refuse to delete what holds data (volumes, keys, buckets): Pulumi's protect. */
    protect: z.boolean().default(true),
    /** Keep what holds data in the cluster even when it is removed from the program. */
    retain: z.boolean().default(true),
    /** Secrets of type kubernetes.io/dockerconfigjson, in each namespace, for pulling images. */
    imagePullSecrets: z.array(z.string().min(1)).default([]),
  })
  .prefault({});

export type ClusterSettings = z.infer<typeof clusterSettings>;

import { z } from "zod";
import { hostname } from "./units.ts";

/** Certificates between parts of the stack, in days. */
export const certificateSettings = z
  .strictObject({
    /** Life of a certificate. */
    days: z.number().int().min(7).max(825).default(365),
    /** Life of the authority that signs them. */
    authorityDays: z.number().int().min(365).max(3650).default(3650),
    /** How long before its end a certificate is replaced; `pulumi up` must run within this time. */
    renewBeforeDays: z.number().int().min(1).max(365).default(60),
  })
  .prefault({});

export type CertificateSettings = z.infer<typeof certificateSettings>;

/** How users reach Dify, and how parts reach each other. */
export const networkSettings = z
  .strictObject({
    /** Name under which users reach Dify. */
    host: hostname.default("dify.example.com"),
    certificates: certificateSettings,
    /** What pods may reach outside of the cluster, besides public addresses on 80 and 443. */
    egress: z
      .strictObject({
        /** Further ports that API and workers may reach at any address, such as 587 for mail. */
        ports: z.array(z.number().int().min(1).max(65535)).default([]),
      })
      .prefault({}),
    /** The Kubernetes API, as the jobs that keep records in it reach it. */
    kubernetesApi: z
      .strictObject({
        /** That of its Service, and that to which it leads: which of them a network policy sees depends on the network. */
        ports: z.array(z.number().int().min(1).max(65535)).min(1).default([443, 6443]),
      })
      .prefault({}),
    /**
     * A service mesh that the cluster has: `istio` gives Dify's own services a proxy each, and leaves out databases, Jobs and sandboxes. It wants Istio
     * 1.24 or later in namespace istio-system with its CNI plugin, as pods here may not change their own network. docs/mesh.md.
     */
    mesh: z.enum(["none", "istio"]).default("none"),
    /** Namespace of Prometheus, which may then read metrics. */
    monitoringNamespace: z.string().min(1).optional(),
  })
  .prefault({});

export type NetworkSettings = z.infer<typeof networkSettings>;

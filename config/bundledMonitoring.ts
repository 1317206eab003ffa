import { z } from "zod";
import { pushgatewaySettings } from "./pushgateway.ts";
import { bytes, image, resources } from "./units.ts";

/** Accounts of the images. */
const user = (fallback: number) => z.number().int().min(1).max(65535).default(fallback);

const prometheus = z
  .strictObject({
    /** Servers, each of which scrapes everything, evaluates every alert and stands in a zone of its own. With one, nobody alerts while its node is away. */
    replicas: z.number().int().min(1).max(2).default(2),
    /** Image with `prometheus` on PATH. */
    image: image.default("prom/prometheus:v2.53.3"),
    /** User and group that own the data. */
    user: user(65534),
    /** Of each server. */
    resources: resources("200m", "1Gi"),
    /** Volume of each server. */
    storage: bytes.default("20Gi"),
    /** What of it is dropped, oldest first: by age, and by size in any case. */
    retention: z
      .strictObject({
        /** Days for which figures are kept. What is unusual of a backup is told by the 57 days before it: docs/metrics.md. */
        days: z.number().int().min(1).max(365).default(60),
        /** Size of the blocks on the volume; four fifths of the volume when left out, as the log of what was read last needs room beside them. */
        size: bytes.optional(),
      })
      .prefault({}),
    /** Series that are expected: from it and the interval comes the size that the days need. Metric prometheus_tsdb_head_series says how many there are. */
    series: z.number().int().min(1000).max(10_000_000).default(30_000),
  })
  .prefault({});

const alertmanager = z
  .strictObject({
    /** Members, which tell each other what was sent, each in a zone of its own. */
    replicas: z.number().int().min(1).max(3).default(2),
    /** Image with `alertmanager` on PATH. */
    image: image.default("prom/alertmanager:v0.28.1"),
    /** User and group that own the data. */
    user: user(65534),
    /** Of each member. */
    resources: resources("20m", "128Mi"),
    /** Volume of each member: silences, and what was sent. */
    storage: bytes.default("1Gi"),
    /** Ports at which pagers, ticket systems and the heartbeat are reached: their addresses are secrets, and tell no network policy. */
    webhookPorts: z.array(z.number().int().min(1).max(65535)).min(1).default([443]),
  })
  .prefault({});

const kubeStateMetrics = z
  .strictObject({
    /** Its entrypoint is the program. */
    image: image.default("registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.17.0"),
    resources: resources("20m", "128Mi"),
  })
  .prefault({});

const kubelets = z
  .strictObject({
    /** Image with Python, which looks up the addresses of the kubelets beside each Prometheus. */
    image: image.default("python:3.13.1-alpine3.21"),
    resources: resources("10m", "64Mi"),
    /** Hold kubelets to certificates of the cluster's authority. Most clusters let them sign their own. */
    verify: z.boolean().default(false),
  })
  .prefault({});

const grafana = z
  .strictObject({
    /** Run it: one instance with the stack's dashboards, which keeps nothing. Account "admin", secret `grafanaPassword`. */
    enabled: z.boolean().default(true),
    /** Grafana's own. */
    image: image.default("grafana/grafana:12.1.1"),
    resources: resources("50m", "256Mi"),
  })
  .prefault({});

/** Prometheus and Alertmanager of the stack's own, in its namespace for data: for clusters that have no operator. See docs/monitoring.md. */
export const bundledMonitoring = z.strictObject({
  backend: z.literal("bundled"),
  /** Seconds between two looks at each pod. Alerts that hold for a minute need two. */
  interval: z.number().int().min(5).max(30).default(30),
  /** Scrapes and alerts. */
  prometheus,
  /** Tells people: docs/notices.md. */
  alertmanager,
  /** Tells of pods, jobs and nodes what Kubernetes knows. */
  kubeStateMetrics,
  /** They tell how full volumes are. */
  kubelets,
  pushgateway: pushgatewaySettings,
  /** Draws. */
  grafana,
});

export type BundledSettings = z.infer<typeof bundledMonitoring>;

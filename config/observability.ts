import { z } from "zod";
import { bundledMonitoring } from "./bundledMonitoring.ts";
import { labelKey, labelValue } from "./placement.ts";

/** Nobody is told how the stack is. */
const none = z.strictObject({
  /** Who scrapes and alerts: `none`, `operator` (a Prometheus operator that the cluster has), or `bundled` (Prometheus and Alertmanager of the stack's own). */
  backend: z.literal("none").default("none"),
});

/**
 * A Prometheus operator that the cluster has, with kube-state-metrics, whose labels namespace and pod must be those of the objects (honorLabels); of a
 * lost zone it tells only with `--metric-labels-allowlist=nodes=[topology.kubernetes.io/zone]`. Its
 * Prometheus must select monitors and rules in the stack's namespaces, and run in network.monitoringNamespace.
 */
const operator = z.strictObject({
  backend: z.literal("operator"),
  /** Labels by which the operator's Prometheus selects monitors and rules. @example { "release": "kube-prometheus-stack" } */
  labels: z.record(labelKey, labelValue).default({}),
  /** Labels by which Grafana finds dashboards, which are ConfigMaps: those that its chart looks for when left out. */
  dashboardLabels: z.record(labelKey, labelValue).default({ grafana_dashboard: "1" }),
  /** Seconds between two looks at each pod. Alerts that hold for a minute need two. */
  interval: z.number().int().min(5).max(30).default(30),
});

export type OperatorSettings = z.infer<typeof operator>;

/** What is measured, and who is told when something is wrong. The alerts: docs/alerts.md. */
export const observabilitySettings = z.discriminatedUnion("backend", [none, operator, bundledMonitoring]).prefault({});

export type { BundledSettings } from "./bundledMonitoring.ts";
export type ObservabilitySettings = z.infer<typeof observabilitySettings>;

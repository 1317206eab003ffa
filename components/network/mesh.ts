import * as pulumi from "@pulumi/pulumi";
import { nameLabel } from "../workload/labels.ts";
import { areas, type WorkloadName } from "./areas.ts";
import { flows } from "./flows.ts";
import type { Flow, FlowSettings } from "./flows/flow.ts";

/** Label of a pod, which goes before its namespace's. */
const injectLabel = "sidecar.istio.io/inject";

/**
 * Services of Dify that talk to each other by plain HTTP. What holds data speaks its own TLS, sandboxes are kept from everything, and a Job would wait for
 * its proxy to end: none of these gets one.
 */
export function meshed(workload: string): workload is WorkloadName {
  return workload in areas && areas[workload as WorkloadName] === "app" && workload !== "migration";
}

/** Ports that only others than meshed workloads have to do with. */
function portsOfOthers(own: readonly Flow[], other: (flow: Flow) => string): number[] {
  const ports = (inside: boolean) => own.filter((flow) => meshed(other(flow)) === inside).flatMap((flow) => flow.ports);
  const within = new Set(ports(true));
  return [...new Set(ports(false))].filter((port) => !within.has(port)).sort((a, b) => a - b);
}

/**
 * Istio's annotations of a meshed workload's pods. The proxy sees what goes between meshed workloads, and nothing else: connections to Postgres, Redis and
 * object store keep to the HAProxy of their node (docs/connections.md), and the gateway sees the addresses of its clients.
 */
export function meshAnnotations(workload: WorkloadName, table: readonly Flow[]): Readonly<Record<string, string>> {
  const out = portsOfOthers(
    // The proxy's own connections are never led through it.
    table.filter(({ from, to }) => from === workload && to !== "mesh"),
    ({ to }) => to,
  );
  const into = portsOfOthers(
    table.filter(({ to }) => to === workload),
    ({ from }) => from,
  );
  return {
    // The kubelet has no certificate of the mesh: its probes pass by way of the proxy's own port.
    "sidecar.istio.io/rewriteAppHTTPProbers": "true",
    // Ends after the program beside it: a worker that is told to end has runs to finish. From Istio 1.24 on.
    "sidecar.istio.io/nativeSidecar": "true",
    "proxy.istio.io/config": JSON.stringify({ holdApplicationUntilProxyStarts: true }),
    ...(out.length > 0 && { "traffic.sidecar.istio.io/excludeOutboundPorts": out.join(",") }),
    ...(into.length > 0 && { "traffic.sidecar.istio.io/excludeInboundPorts": into.join(",") }),
  };
}

/** The parts of what components register that the mesh changes. Components give them as plain data. */
interface Meshable {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>>; readonly annotations?: object };
    };
    readonly ports?: readonly object[];
  };
}

/**
 * Makes the services of a component part of the mesh, for its option `transformations`: pods get annotations, Jobs are told to stay without a proxy, and
 * ports carry bytes. As HTTP they would be led by their host's name, which is the users' and none of the mesh.
 */
export function meshTransformation(settings: FlowSettings): pulumi.ResourceTransformation {
  const table = flows(settings);
  const called = new Set<string>(table.filter(({ from, to }) => meshed(from) && meshed(to)).map(({ to }) => to));
  return ({ type, props, opts }) => {
    const { metadata, spec } = props as Meshable;
    const workload = metadata?.labels?.[nameLabel] ?? "";
    const template = spec?.template;
    if (type === "kubernetes:batch/v1:Job" && template) {
      const labels = { ...template.metadata.labels, [injectLabel]: "false" };
      return changed(props, opts, { template: { ...template, metadata: { ...template.metadata, labels } } });
    }
    if (!meshed(workload)) return undefined;
    if (type === "kubernetes:core/v1:Service" && called.has(workload))
      return changed(props, opts, { ports: spec?.ports?.map((port) => ({ ...port, appProtocol: "tcp" })) });
    if (!template) return undefined;
    const annotations = { ...template.metadata.annotations, ...meshAnnotations(workload, table) };
    return changed(props, opts, { template: { ...template, metadata: { ...template.metadata, annotations } } });
  };
}

function changed(
  props: pulumi.Inputs,
  opts: pulumi.ResourceOptions,
  spec: object,
): pulumi.ResourceTransformationResult {
  return { props: { ...props, spec: { ...(props["spec"] as object), ...spec } }, opts };
}

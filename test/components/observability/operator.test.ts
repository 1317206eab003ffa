import { describe, expect, it } from "vitest";
import { areas } from "../../../components/network/areas.ts";
import { flows } from "../../../components/network/flows.ts";
import { namespaceNames } from "../../../components/network/namespaces.ts";
import { OperatorMonitoring } from "../../../components/observability/operator.ts";
import { recordingGroups, ruleGroups } from "../../../components/observability/rules.ts";
import { discoveryService, scrapeConfigs } from "../../../components/observability/scrapeConfig.ts";
import { targets } from "../../../components/observability/targets.ts";
import { loadSettings } from "../../../config/load.ts";
import { pushgatewaySettings } from "../../../config/pushgateway.ts";
import { at, declare, find, type Declared } from "../../support/mocks.ts";
import { readGolden } from "../../support/golden.ts";
import { stackConfiguration } from "../../support/stack.ts";
import { settings } from "../../support/settings.ts";
import { everything } from "./sample.ts";

const watched = settings({ ...everything, network: { monitoringNamespace: "monitoring" } });
const names = namespaceNames(watched.cluster);
const declared: Declared[] = await declare(() => {
  const operator = {
    backend: "operator",
    labels: { release: "x" },
    dashboardLabels: { page: "y" },
    interval: 15,
    pushgateway: pushgatewaySettings.parse({}),
  } as const;
  new OperatorMonitoring("monitoring", { settings: watched, operator, namespaces: names, authority: "a PEM" });
});
const monitors = declared.filter(({ type }) => type.endsWith(":PodMonitor"));

interface Pod {
  readonly containers: readonly {
    readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  }[];
}

interface Page {
  readonly uid: string;
  readonly templating: { readonly list: readonly unknown[] };
  readonly panels: readonly {
    readonly type: string;
    readonly datasource: { readonly uid: string };
    readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  }[];
}

describe("what an operator is told", () => {
  it("is to scrape each target in its namespace, by the labels that it selects", () => {
    const found = monitors.map(({ inputs }) => [at(inputs, "metadata.name"), at(inputs, "metadata.namespace")]);
    expect(found.toSorted()).toEqual(
      targets(watched)
        .map(({ workload }) => [workload, names[areas[workload]]])
        .toSorted(),
    );
    expect(monitors.every(({ inputs }) => at(inputs, "metadata.labels.release") === "x")).toBe(true);
    expect(monitors.every(({ inputs }) => at(inputs, "spec.podMetricsEndpoints.0.interval") === "15s")).toBe(true);
  });

  it("has the authority beside what is scraped by TLS", () => {
    const endpoint = at(find(declared, "PodMonitor", "pod-monitor-postgres").inputs, "spec.podMetricsEndpoints.0");
    expect(endpoint).toMatchObject({
      scheme: "https",
      tlsConfig: { serverName: "postgres.dify-data.svc.cluster.local" },
    });
    const { name, key } = at(endpoint, "tlsConfig.ca.configMap") as Readonly<Record<"name" | "key", string>>;
    expect(find(declared, "ConfigMap", name).inputs).toMatchObject({
      metadata: { name, namespace: "dify-data" },
      data: { [key]: "a PEM" },
    });
  });

  it("is to alert on all that there is", () =>
    expect(at(find(declared, "PrometheusRule", "alerts").inputs, "spec.groups")).toEqual([
      ...recordingGroups(watched),
      ...ruleGroups(watched),
    ]));
});

describe("Grafana", () => {
  const pages = declared.filter(({ type, name }) => type.endsWith(":ConfigMap") && name.startsWith("dashboard-"));

  it("finds the pages that alerts name, by their label", () => {
    const named = ruleGroups(watched).flatMap(({ rules }) => rules.map(({ annotations }) => annotations.dashboard));
    expect(pages.map(({ name }) => name).toSorted()).toEqual(
      [...new Set(named)].map((name) => `dashboard-${name}`).toSorted(),
    );
    expect(pages.every(({ inputs }) => at(inputs, "metadata.labels.page") === "y")).toBe(true);
  });

  it("reads each: panels of their own that do not overlap, with a data source that is chosen on the page", () => {
    for (const { inputs } of pages) {
      const [[file, text] = ["", ""]] = Object.entries(at(inputs, "data") as Record<string, string>);
      const page = JSON.parse(text) as Page;
      expect(file).toBe(`${page.uid}.json`);
      expect(page.templating.list).toMatchObject([{ name: "datasource", type: "datasource", query: "prometheus" }]);
      const panels = page.panels.filter(({ type }) => type !== "row");
      expect(panels.length).toBeGreaterThan(8);
      expect(panels.every(({ datasource }) => datasource.uid === "${datasource}")).toBe(true);
      const cells = page.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(page.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    }
  });
});

describe("targets", () => {
  it("are let through to, and nothing else is", () => {
    const open = (s: typeof watched) => flows(s).filter(({ from }) => from === "monitoring");
    expect(open(watched).map(({ to, ports }) => [to, ...ports])).toEqual(
      targets(watched).map(({ workload, number }) => [workload, number]),
    );
    expect(open(settings(everything))).toEqual([]);
  });

  it("are ports that the pods have, by name and number", () => {
    const production = readGolden("prod");
    const wrong = targets(watched).filter(({ workload, port, number }) => {
      const pods = production.filter(
        (r) => at(r.inputs, "metadata.name") === workload && at(r.inputs, "spec.template"),
      );
      const ports = pods.flatMap((r) =>
        (at(r.inputs, "spec.template.spec") as Pod).containers.flatMap((c) => c.ports ?? []),
      );
      return !ports.some(({ name, containerPort }) => name === port && containerPort === number);
    });
    expect(wrong).toEqual([]);
  });

  it("have the name in their certificate by which they are asked", () => {
    const production = readGolden("prod");
    const requests = production.filter(({ type }) => type.endsWith(":CertRequest"));
    const certified = targets(loadSettings(stackConfiguration("prod"))).filter(({ serverName }) => serverName);
    expect(certified.map(({ workload }) => workload)).toEqual(["postgres", "minio"]);
    for (const { workload, serverName } of certified)
      expect(
        requests.some(
          ({ name, inputs }) => name === workload && (inputs["dnsNames"] as string[]).includes(serverName ?? ""),
        ),
        workload,
      ).toBe(true);
  });

  it("are the same for a Prometheus that reads files, which finds members by a Service that they have", () => {
    const configs = scrapeConfigs(watched, { interval: 30, authorityFile: "/ca.crt" });
    expect(configs.map((config) => config["job_name"])).toEqual(targets(watched).map(({ workload }) => workload));
    const services = readGolden("prod").filter(({ type }) => type.endsWith(":Service"));
    for (const target of targets(watched).filter((each) => discoveryService(each) === each.workload)) {
      const service = services.find(({ name }) => name === target.workload);
      expect(service?.inputs).toMatchObject({ spec: { clusterIP: "None", publishNotReadyAddresses: true } });
      const ports = at(service?.inputs, "spec.ports") as { readonly name: string; readonly port: number }[];
      expect(ports.find(({ name }) => name === target.port)?.port).toBe(target.number);
    }
  });
});

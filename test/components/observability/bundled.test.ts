import { describe, expect, it } from "vitest";
import { flows } from "../../../components/network/flows.ts";
import { alertGroups } from "../../../components/observability/alerts/index.ts";
import { nodeKind, watchedKinds } from "../../../components/observability/bundled/kubeStateMetrics.ts";
import { discoveryService } from "../../../components/observability/scrapeConfig.ts";
import { targets } from "../../../components/observability/targets.ts";
import { at, find } from "../../support/mocks.ts";
import { readGolden } from "../../support/golden.ts";
import { settings } from "../../support/settings.ts";
import { declareMonitoring, watchingItself } from "./bundledSample.ts";
import { receivers } from "./noticesSample.ts";

describe("monitoring of the stack's own", () => {
  const all = declareMonitoring();

  it("has members that stand apart, with a volume each, and lets drains take one at a time", async () => {
    for (const name of ["prometheus", "alertmanager"]) {
      const { inputs } = find(await all, "StatefulSet", name);
      expect(at(inputs, "spec.replicas")).toBe(2);
      expect(at(inputs, "spec.template.spec.topologySpreadConstraints.0")).toMatchObject({
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "DoNotSchedule",
      });
      expect(at(inputs, "spec.volumeClaimTemplates.0.metadata.name")).toBe("data");
      expect(at(find(await all, "PodDisruptionBudget", name).inputs, "spec.maxUnavailable")).toBe(1);
    }
  });

  it("finds every target by a Service that leads to each pod", async () => {
    for (const target of targets(watchingItself())) {
      const name = discoveryService(target);
      const service = [...(await all), ...readGolden("staging")].find(
        (each) => each.type.endsWith(":Service") && each.name === name,
      );
      expect(service?.inputs, name).toMatchObject({ spec: { clusterIP: "None" } });
      const ports = at(service?.inputs, "spec.ports") as { name: string; port: number }[];
      expect(ports.map(({ name: port, port: number }) => `${port} ${number}`)).toContain(
        `${target.port} ${target.number}`,
      );
    }
  });

  it("gives kube-state-metrics the kinds that alerts are about, to see and no more", async () => {
    const kinds = new Set(
      alertGroups(watchingItself())
        .flatMap(({ alerts }) => alerts.flatMap(({ expr }) => expr.match(/\bkube_[a-z]+/g) ?? []))
        .map((metric) => `${metric.replace(/^kube_/, "")}s`),
    );
    const granted = [...Object.values(watchedKinds).flat(), nodeKind];
    expect(granted.toSorted()).toEqual([...kinds].toSorted());
    const roles = (await all).filter(({ type, name }) => /:(Cluster)?Role$/.test(type) && /^kube-state/.test(name));
    expect(roles).toHaveLength(5);
    for (const { inputs } of roles)
      for (const { verbs, resources } of inputs["rules"] as { verbs: string[]; resources: string[] }[]) {
        expect(verbs).toEqual(["list", "watch"]);
        expect(granted).toEqual(expect.arrayContaining(resources));
      }
  });

  it("gives each program the secrets that it needs, and no others", async () => {
    const keys = async (name: string) =>
      Object.keys(at(find(await all, "Secret", name).inputs, "stringData") as object).toSorted();
    expect(await keys("alertmanager")).toEqual([
      "noticePassword-mail",
      "noticeUrl-heartbeat",
      "noticeUrl-oncall",
      "noticeUrl-tickets",
    ]);
    expect(await keys("notice-forwarder")).toEqual(["noticeKey-team", "noticeUrl-group", "noticeUrl-team"]);
    expect(await keys("grafana")).toEqual(["password"]);
    const open = (await all).filter(({ type }) => !type.endsWith(":Secret") && type.startsWith("kubernetes:"));
    expect(JSON.stringify(open.map(({ revealed }) => revealed))).not.toContain("value-of-");
  });

  it("draws the pages that there are, from whichever Prometheus is ready", async () => {
    const pages = at(find(await all, "ConfigMap", "grafana-dashboards").inputs, "data") as Record<string, string>;
    expect(Object.keys(pages)).toEqual(["dify-availability.json", "dify-backup.json"]);
    const files = at(find(await all, "ConfigMap", "grafana").inputs, "data") as Record<string, string>;
    expect(files["datasources.yaml"]).toContain("http://prometheus-query.dify-data.svc.cluster.local:9090");
    expect(at(find(await all, "Service", "prometheus-query").inputs, "spec.publishNotReadyAddresses")).toBeUndefined();
  });

  it("has no Grafana where none is wanted", async () => {
    const without = await declareMonitoring({ grafana: { enabled: false } });
    expect(without.filter(({ name }) => name.startsWith("grafana"))).toEqual([]);
  });
});

describe("flows of the stack's own monitoring", () => {
  const lines = (sections: Readonly<Record<string, unknown>>) =>
    flows(settings({ observability: { backend: "bundled" }, ...sections }))
      .map(({ from, to, ports }) => `${from} -> ${to}:${ports.join()}`)
      .filter((line) => /prometheus|alertmanager|kube-state|grafana|notice/.test(line));

  it("lead from Prometheus to all that is scraped, and from Alertmanager to the other alone", () => {
    const own = lines({});
    for (const { workload, number } of targets(settings({ observability: { backend: "bundled" } })))
      expect(own).toContain(`prometheus -> ${workload}:${number}`);
    expect(own.filter((line) => line.startsWith("alertmanager"))).toEqual(["alertmanager -> alertmanager:9094"]);
    expect(
      own.filter((line) => /-> (prometheus|alertmanager|grafana|kube-state-metrics):/.test(line)).toSorted(),
    ).toEqual([
      "alertmanager -> alertmanager:9094",
      "grafana -> prometheus:9090",
      "prometheus -> alertmanager:9093",
      "prometheus -> kube-state-metrics:8080",
      "prometheus -> prometheus:9090",
    ]);
  });

  it("lead to whom notices are sent, by the way that they take", () => {
    const to = (receiver: (typeof receivers)[number]) =>
      lines({ notices: { receivers: [{ ...receiver, gets: { critical: "always" } }] } }).filter(
        (line) => /^(alertmanager|notice)/.test(line) && !line.endsWith(":9094"),
      );
    const [pager, , email, , wecom] = receivers;
    expect(to(pager)).toEqual(["alertmanager -> anywhere:443"]);
    expect(to(email)).toEqual(["alertmanager -> anywhere:587"]);
    expect(to(wecom)).toEqual(["alertmanager -> notice-forwarder:8080", "notice-forwarder -> internet:443"]);
  });
});

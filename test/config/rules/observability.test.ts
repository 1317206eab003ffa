import { describe, expect, it } from "vitest";
import { settings } from "../../support/settings.ts";

describe("a stack that an operator's Prometheus watches", () => {
  const observability = { backend: "operator" };

  it("says where that Prometheus is, or nobody is let in", () =>
    expect(() => settings({ observability })).toThrow(/network.monitoringNamespace: is missing/));

  it("is taken when it does", () =>
    expect(settings({ observability, network: { monitoringNamespace: "monitoring" } }).observability).toMatchObject({
      backend: "operator",
      labels: {},
      dashboardLabels: { grafana_dashboard: "1" },
      interval: 30,
    }));

  it("needs neither where nobody watches", () => expect(settings().observability).toEqual({ backend: "none" }));
});

describe("monitoring of the stack's own", () => {
  const bundled = (prometheus: unknown) => () => settings({ observability: { backend: "bundled", prometheus } });
  it("needs no namespace of somebody else's Prometheus", () => expect(bundled({})).not.toThrow());
  it("keeps no more than its volume holds", () =>
    expect(bundled({ storage: "2Gi" })).toThrow(/observability.prometheus.retention.days: 60 days of 30000 series/));
});

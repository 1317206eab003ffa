import { createRequire } from "node:module";
import type { Dashboard, Limits, Panel } from "./dashboard.ts";

type Sdk = {
  readonly common: typeof import("@grafana/grafana-foundation-sdk/common");
  readonly dashboard: typeof import("@grafana/grafana-foundation-sdk/dashboard");
  readonly prometheus: typeof import("@grafana/grafana-foundation-sdk/prometheus");
  readonly graph: typeof import("@grafana/grafana-foundation-sdk/timeseries");
  readonly figures: typeof import("@grafana/grafana-foundation-sdk/stat");
  readonly bars: typeof import("@grafana/grafana-foundation-sdk/bargauge");
};

/** Loaded by those stacks alone that have dashboards: it takes a sixth of a second. */
function sdk(): Sdk {
  const load = createRequire(import.meta.url);
  const part = (name: string): unknown => load(`@grafana/grafana-foundation-sdk/${name}`);
  return {
    common: part("common"),
    dashboard: part("dashboard"),
    prometheus: part("prometheus"),
    graph: part("timeseries"),
    figures: part("stat"),
    bars: part("bargauge"),
  } as Sdk;
}

/** The data source is chosen on the page: the first Prometheus that Grafana knows. */
const datasource = { type: "prometheus", uid: "${datasource}" };

/** Grafana's page is 24 columns wide. */
const size = { width: 8, height: 8 };

/** A dashboard as Grafana reads it. @param stack Its prefix: other stacks have pages of their own. */
export function grafanaJson({ name, title, rows }: Dashboard, stack: string): string {
  const grafana = sdk();
  const page = new grafana.dashboard.DashboardBuilder(`${title} (${stack})`)
    .uid(`${stack}-${name}`)
    .tags(["dify-ha", stack])
    .time({ from: "now-24h", to: "now" })
    .refresh("1m")
    .timezone("browser")
    .readonly()
    .withVariable(new grafana.dashboard.DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"));
  for (const row of rows) {
    page.withRow(new grafana.dashboard.RowBuilder(row.title));
    for (const panel of row.panels) page.withPanel(render(grafana, panel));
  }
  return `${JSON.stringify(page.build(), undefined, 2)}\n`;
}

function render(grafana: Sdk, panel: Panel) {
  const { shows, title, description, unit, queries, limits } = panel;
  const builder = builderOf(grafana, shows)
    .title(title)
    .description(description)
    .datasource(datasource)
    .unit(unit)
    .span(size.width)
    .height(size.height);
  queries.forEach(({ expr, legend }, i) => {
    const query = new grafana.prometheus.DataqueryBuilder().expr(expr).legendFormat(legend).refId(`Q${i}`);
    builder.withTarget(shows === "graph" ? query.range() : query.instant());
  });
  return limits ? builder.thresholds(thresholds(grafana, limits)) : builder;
}

function builderOf(grafana: Sdk, shows: Panel["shows"]) {
  const { LegendDisplayMode, LegendPlacement, BigValueColorMode, VizOrientation } = grafana.common;
  switch (shows) {
    case "graph":
      return new grafana.graph.PanelBuilder().legend(
        new grafana.common.VizLegendOptionsBuilder()
          .displayMode(LegendDisplayMode.List)
          .placement(LegendPlacement.Bottom)
          .showLegend(true),
      );
    case "figures":
      return new grafana.figures.PanelBuilder().colorMode(BigValueColorMode.Background);
    case "bars":
      return new grafana.bars.PanelBuilder().orientation(VizOrientation.Horizontal);
  }
}

function thresholds({ dashboard }: Sdk, { warning, critical, worse = "above" }: Limits) {
  const steps =
    worse === "above"
      ? [
          { value: null, color: "green" },
          { value: warning, color: "orange" },
          { value: critical, color: "red" },
        ]
      : [
          { value: null, color: "red" },
          { value: critical, color: "orange" },
          { value: warning, color: "green" },
        ];
  return new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps(steps);
}

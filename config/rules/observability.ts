import { prometheusVolume } from "../../components/observability/bundled/volume.ts";
import { rule } from "../rules.ts";

/** Checks on what is measured. */
export const observabilityRules = [
  rule("Prometheus reaches what it scrapes", ["network", "observability"], ({ network, observability }) =>
    observability.backend !== "operator" || network.monitoringNamespace !== undefined
      ? []
      : [
          {
            path: "network.monitoringNamespace",
            problem: `is missing, and observability.backend is "${observability.backend}": network policies let no Prometheus in`,
            remedy: "give the namespace in which Prometheus runs",
          },
        ],
  ),
  rule("Prometheus keeps what it is to keep", ["observability"], ({ observability }) =>
    observability.backend === "bundled"
      ? prometheusVolume(observability).problems.map((problem) => ({
          ...problem,
          path: `observability.prometheus.${problem.path}`,
        }))
      : [],
  ),
];

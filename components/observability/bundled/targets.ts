import type { Target } from "../targets.ts";
import { names, ports } from "./layout.ts";

/** The stack's own monitoring is scraped as all else: each server looks at the other too. To Alertmanager's port go alerts as well. */
export const bundledTargets: readonly Target[] = [
  { workload: names.prometheus, port: "http", number: ports.prometheus, path: "/metrics" },
  { workload: names.alertmanager, port: "http", number: ports.alertmanager, path: "/metrics" },
];

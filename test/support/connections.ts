import { parse } from "yaml";
import { dynamicConfiguration } from "../../components/postgres/patroniConfig.ts";
import { pgbouncerConfig } from "../../components/postgres/pgbouncerConfig.ts";
import type { DatabaseClient } from "../../components/postgres/sizing.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { Settings } from "../../config/settings.ts";
import type { Resource } from "../../policies/read/resource.ts";
import { at } from "./mocks.ts";

export function patroniSettingsOf({ postgres }: Settings): PatroniSettings {
  if (postgres.backend !== "patroni") throw new Error("not under Patroni");
  return postgres;
}

/** What a pooler's file lets it do. */
export interface PoolerLimits {
  /** Connections that it accepts. */
  readonly clients: number;
  /** Connections that it opens to the primary, to all databases together. */
  readonly serverConnections: number;
}

export function pgbouncerLimits(settings: PatroniSettings, clients: readonly DatabaseClient[]): PoolerLimits {
  const primary = { host: "primary", port: 5000 };
  return limitsIn(pgbouncerConfig({ settings, clients, primary, tls: "/tls", userList: "/users" }));
}

function limitsIn(file: string): PoolerLimits {
  const sum = [...file.matchAll(/ max_db_connections=(\d+)$/gm)].reduce((total, [, n]) => total + Number(n), 0);
  return { clients: Number(/^max_client_conn = (\d+)$/m.exec(file)?.[1]), serverConnections: sum };
}

export function superuserReserved(settings: PatroniSettings): number {
  return Number(dynamicConfiguration(settings).postgresql.parameters["superuser_reserved_connections"]);
}

type Inputs = Resource["inputs"];

/** The same sums from the resources themselves: variables of containers, replicas, and the files of PgBouncer and Patroni. */
export function renderedPools(resources: readonly Resource[]) {
  const inputs = (kind: string, name: string): Inputs | undefined =>
    resources.find((r) => r.type.endsWith(`:${kind}`) && r.name === name)?.inputs;
  const file = (configMap: string, name: string) =>
    (at(inputs("ConfigMap", configMap) ?? {}, "data") as Record<string, string>)[name] ?? "";

  /** Pods at the most, with those that end while others take their place. */
  const pods = (workload: string): number => {
    const deployment = inputs("Deployment", workload);
    if (!deployment) return 0;
    const scaled = inputs("HorizontalPodAutoscaler", workload);
    const most = scaled ? at(scaled, "spec.maxReplicas") : at(deployment, "spec.replicas");
    return Number(most) * (at(deployment, "spec.strategy.type") === "Recreate" ? 1 : 2);
  };
  const variables = (workload: string): Record<string, string> => {
    const env = at(inputs("Deployment", workload) ?? {}, "spec.template.spec.containers.0.env") as
      { readonly name: string; readonly value: string }[] | undefined;
    return Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  };
  const backend = (workload: string): number => {
    const env = variables(workload);
    const processes = Number(env["SERVER_WORKER_AMOUNT"] ?? 1);
    const pool = Number(env["SQLALCHEMY_POOL_SIZE"] ?? 0) + Number(env["SQLALCHEMY_MAX_OVERFLOW"] ?? 0);
    return pods(workload) * processes * pool;
  };
  const daemonEnvironment = at(inputs("ConfigMap", "plugin-daemon") ?? {}, "data") as Record<string, string>;

  const limits = limitsIn(file("pgbouncer-config", "pgbouncer.ini"));
  const patroni = parse(file("postgres-config", "patroni.yml")) as {
    bootstrap: { dcs: { postgresql: { parameters: Record<string, number> } } };
  };
  const { max_connections, superuser_reserved_connections } = patroni.bootstrap.dcs.postgresql.parameters;
  return {
    fromDify:
      ["api", "worker", "beat", "websocket"].reduce((sum, workload) => sum + backend(workload), 0) +
      pods("plugin-daemon") * Number(daemonEnvironment["DB_MAX_OPEN_CONNS"]),
    clients: limits.clients,
    fromPoolers: pods("pgbouncer") * limits.serverConnections,
    maxConnections: Number(max_connections),
    superuser: Number(superuser_reserved_connections),
  };
}

import { describe, expect, it } from "vitest";
import { areas, type WorkloadName } from "../../../components/network/areas.ts";
import { flows } from "../../../components/network/flows.ts";
import { policyOf, workloadsIn } from "../../../components/network/policies.ts";
import { privateRanges } from "../../../components/network/privateRanges.ts";
import { settings } from "../../support/settings.ts";
import { evaluator } from "./evaluate.ts";

const cluster = { prefix: "dify" };
const workloads = Object.keys(areas) as WorkloadName[];

const variants = {
  "the default": {},
  "agents and weaviate": { dify: { version: "1.17.1", agent: { enabled: true } }, vectorStore: { kind: "weaviate" } },
  "snapshots of volumes and of the cluster": {
    backup: {
      snapshots: { class: "ebs" },
      clusterEtcd: { endpoints: ["https://10.0.0.11:2379", "https://[fd00::1]:2379"], secret: "etcd" },
    },
  },
  "copies of volumes at a second site": {
    backup: { snapshots: { class: "ebs" } },
    offsite: {
      backend: "s3",
      endpoint: "https://backups.example.com:9000",
      backups: { bucket: "far-backups", accessKey: "far-backups" },
      catalogue: { bucket: "far-catalogue", accessKey: "far-catalogue" },
    },
  },
  "external backends": {
    postgres: { backend: "external", host: "db.example.com" },
    redis: { backend: "external", host: "redis.example.com" },
    vectorStore: { kind: "milvus", host: "milvus.example.com" },
  },
};

describe.each(Object.entries(variants))("network policies for %s", (_, sections) => {
  const table = flows(settings(sections));
  const allowed = evaluator(table, { cluster });
  const ports = [...new Set(table.flatMap((flow) => flow.ports))];
  const listed = (from: string, to: string, port: number) =>
    table.some((f) => f.from === from && (f.to === to || f.to === "anywhere") && f.ports.includes(port));

  it("let through exactly what the table lists", () => {
    const wrong = workloads.flatMap((from) =>
      workloads.flatMap((to) =>
        ports
          .filter(
            (port) =>
              allowed(from, to, port) !== table.some((f) => f.from === from && f.to === to && f.ports.includes(port)),
          )
          .map((port) => `${from} -> ${to}:${port} is ${listed(from, to, port) ? "listed" : "not listed"}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it("leave no workload without a policy", () =>
    expect(workloadsIn(table)).toEqual(
      workloads.filter((w) => table.some((flow) => flow.from === w || flow.to === w)),
    ));
});

describe("the table of flows", () => {
  const table = flows(settings());
  const allowed = evaluator(table, { cluster });
  const targets = (from: string) => table.filter((flow) => flow.from === from).map((flow) => flow.to);

  it("lets the sandbox reach the SSRF proxy and nothing else", () =>
    expect(targets("sandbox")).toEqual(["ssrf-proxy"]));
  it("lets a plugin daemon reach its peers", () => expect(allowed("plugin-daemon", "plugin-daemon", 5002)).toBe(true));
  it("lets nobody but poolers and jobs reach the database's proxies", () =>
    expect(workloads.filter((w) => allowed(w, "postgres-haproxy", 5000))).toEqual([
      "pgbouncer",
      "postgres-bootstrap",
      "replication-check",
      "postgres-backup",
      "coordinated-backup",
    ]));
  it("lets clients reach the poolers through the proxies alone, and who pauses them directly", () => {
    expect(workloads.filter((w) => allowed(w, "pgbouncer", 6432))).toEqual(["postgres-haproxy", "coordinated-backup"]);
    expect(allowed("api", "postgres-haproxy", 6432)).toBe(true);
  });
  it("keeps private addresses from whoever may reach the internet", () =>
    expect(policyOf("ssrf-proxy", table, { cluster }).egress).toContainEqual({
      to: [{ ipBlock: { cidr: "0.0.0.0/0", except: [...privateRanges.v4] } }],
      ports: [
        { protocol: "TCP", port: 80 },
        { protocol: "TCP", port: 443 },
      ],
    }));
  it("says why for each line", () => expect(table.filter((flow) => flow.why === "")).toEqual([]));
});

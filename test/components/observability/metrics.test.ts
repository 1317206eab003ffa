import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { alertmanagerYaml } from "../../../components/observability/alertmanager/config.ts";
import { alertGroups } from "../../../components/observability/alerts/index.ts";
import { dashboards } from "../../../components/observability/dashboards/index.ts";
import { rulesFile } from "../../../components/observability/rules.ts";
import { proxyConfig } from "../../../components/objectStore/proxyConfig.ts";
import { cachedModule } from "../../../local/cluster/crds.ts";
import { readGolden } from "../../support/golden.ts";
import { at } from "../../support/mocks.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";
import { wholeStack } from "./sample.ts";

const whole = wholeStack();
const expressions = [
  ...alertGroups(whole).flatMap(({ alerts }) => alerts.map(({ expr }) => expr)),
  ...dashboards(whole).flatMap(({ rows }) =>
    rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr))),
  ),
];

/** Metrics of one program that alerts and dashboards are made of. */
function used(program: string): string[] {
  const found = expressions.flatMap((expr) => expr.match(new RegExp(`\\b${program}_\\w+`, "g")) ?? []);
  return [...new Set(found)].toSorted();
}

const missingFrom = (text: string, program: string) =>
  used(program).filter((metric) => !new RegExp(`\\b${metric}\\b`).test(text));

/** What a program prints at a URL once it answers at `ready`. */
async function scraped(
  command: string,
  url: string,
  files: Readonly<Record<string, string>> = {},
  ready = url,
): Promise<string> {
  const ask = `until curl -sf ${ready} -o /dev/null; do sleep 0.2; done; curl -sf ${url}`;
  const argv = ["sh", "-c", `${command} >/tmp/log 2>&1 & ${ask}`] as const;
  const { stdout } = await runInDebian({ argv, files, network: "own", timeoutSeconds: 30 });
  return stdout;
}

/** Of a server that nobody finds, and of one that counts for nothing, as the proxies of Postgres have it. */
const proxy = `${proxyConfig({ servers: ["minio-0.nowhere"], port: 9000, maxConnections: 100 })}  server again 127.0.0.1:9000 backup\n`;

describe("every metric that alerts and dashboards are made of", { timeout: 60_000 }, () => {
  usesDebian();

  it("comes from etcd", async () => {
    const options = "--data-dir /tmp/etcd --listen-metrics-urls http://127.0.0.1:2381 --quota-backend-bytes 536870912";
    const text = await scraped(`etcd ${options}`, "http://127.0.0.1:2381/metrics");
    expect(used("etcd").length).toBeGreaterThan(3);
    expect(missingFrom(text, "etcd")).toEqual([]);
    expect(text).toMatch(/^etcd_server_quota_backend_bytes 5.36870912e\+08$/m);
  });

  it("comes from HAProxy, where a backend without a server that is well has none that is active", async () => {
    const certificate =
      "openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out /etc/haproxy/ca.crt -subj /CN=x";
    const text = await scraped(
      `${certificate} && haproxy -db -f /etc/haproxy/haproxy.cfg`,
      "http://127.0.0.1:8404/metrics",
      { "/etc/haproxy/haproxy.cfg": proxy },
    );
    expect(missingFrom(text, "haproxy")).toEqual([]);
    expect(text).toMatch(/^haproxy_backend_active_servers\{proxy="servers"\} 0$/m);
  });

  it("comes from Prometheus and Alertmanager", async () => {
    const prometheus = await scraped(
      "prometheus --config.file=/etc/p.yml --storage.tsdb.path=/tmp/p --web.listen-address=127.0.0.1:9090",
      "http://127.0.0.1:9090/metrics",
      {
        "/etc/p.yml": stringify({
          rule_files: ["/etc/rules.yml"],
          alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:1"] }] }] },
        }),
        "/etc/rules.yml": rulesFile(whole),
      },
      // It answers before it has read the rules.
      "http://127.0.0.1:9090/-/ready",
    );
    expect(used("prometheus").length).toBeGreaterThan(2);
    expect(missingFrom(prometheus, "prometheus")).toEqual([]);
    const options = "--config.file=/etc/a.yml --storage.path=/tmp/a --cluster.listen-address=127.0.0.1:9094";
    const alertmanager = await scraped(`prometheus-alertmanager ${options}`, "http://127.0.0.1:9093/metrics", {
      "/etc/a.yml": alertmanagerYaml(whole.notices, { secrets: "/secrets", forwarder: "http://127.0.0.1:9" }),
    });
    expect(used("alertmanager").length).toBeGreaterThan(1);
    expect(missingFrom(alertmanager, "alertmanager")).toEqual([]);
  });

  it("is of a backend that the proxies have", () => {
    const data = readGolden("prod").map(({ inputs }) => at(inputs, "data") as Record<string, string> | undefined);
    const text = data.map((files) => files?.["haproxy.cfg"] ?? "").join("\n");
    const proxies = expressions.flatMap((expr) => [...expr.matchAll(/proxy="(\w+)"/g)].map(([, name = ""]) => name));
    expect([...new Set(proxies)].filter((name) => !text.includes(`\nbackend ${name}\n`))).toEqual([]);
  });

  it("comes from Patroni", async () => {
    const api = "/usr/lib/python3/dist-packages/patroni/api.py";
    const { stdout } = await runInDebian({ argv: ["cat", api] });
    expect(used("patroni").length).toBeGreaterThan(8);
    expect(missingFrom(stdout, "patroni")).toEqual([]);
  });

  describe("of what is built from its source", () => {
    let minio: string;
    let velero: string;
    beforeAll(async () => {
      minio = await cachedModule("minio", "github.com/minio/minio");
      velero = await cachedModule("crds", "github.com/vmware-tanzu/velero");
    }, 60_000);

    it("comes from MinIO", () =>
      expect(missingFrom(readFileSync(join(minio, "docs/metrics/prometheus/list.md"), "utf8"), "minio")).toEqual([]));

    it("comes from Velero", () => {
      const source = readFileSync(join(velero, "pkg/metrics/metrics.go"), "utf8");
      expect(source).toContain('"velero"');
      const names = used("velero").map((metric) => metric.replace(/^velero_/, ""));
      expect(names.filter((name) => !source.includes(`"${name}"`))).toEqual([]);
    });
  });
});

import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { membersOf, paths } from "../../../components/postgres/layout.ts";
import { clusterFile, dynamicConfiguration, memberFile } from "../../../components/postgres/patroniConfig.ts";
import { jobRepositoryConfig, memberRepositoryConfig } from "../../../components/postgres/pgbackrestConfig.ts";
import { pgbouncerConfig, userList } from "../../../components/postgres/pgbouncerConfig.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";
import { proxyFile, proxyProgram } from "../../support/postgresProxy.ts";
import { cluster, issueClusterCertificates, smallSettings, tlsVolume } from "../../support/postgresSample.ts";

usesDebian();

const members = membersOf("members", 3, cluster);
const place = { endpoint: "https://minio.test:9000", bucket: "b", region: "r", addressing: "path" } as const;

describe("Patroni's files", () => {
  it("are accepted by Patroni", async () => {
    const { postgres } = await issueClusterCertificates();
    // Its own validator knows no "quorum", which its documentation and code do: "on" stands in for it here.
    const settings = smallSettings({ synchronous: "on" });
    const result = await runInDebian({
      argv: ["sh", "-c", `mkdir -p ${paths.data} && patroni --validate-config --ignore-listen-port ${paths.config}`],
      user: "postgres",
      env: {
        PATRONI_NAME: "postgres-0",
        PATRONI_RESTAPI_CONNECT_ADDRESS: "postgres-0:8008",
        PATRONI_RESTAPI_USERNAME: "patroni",
        PATRONI_RESTAPI_PASSWORD: "password",
        PATRONI_POSTGRESQL_CONNECT_ADDRESS: "postgres-0:5432",
      },
      files: {
        "/etc/hosts": "127.0.0.1 localhost postgres-0\n",
        [`${paths.config}/patroni.yml`]: clusterFile(settings),
        [`${paths.config}/member.yml`]: memberFile(settings, ["127.0.0.1"]),
        [`${paths.volume}/.keep`]: "",
        ...tlsVolume(paths.tls, postgres),
      },
    });
    // No server is there to be reached.
    const lines = `${result.stdout}${result.stderr}`.split("\n");
    const complaints = lines.filter((line) => line && !line.endsWith("is not reachable"));
    expect(complaints).toEqual([]);
  });

  it("hold no password", () => {
    const settings = smallSettings();
    expect(clusterFile(settings) + memberFile(settings, ["etcd-0"])).not.toMatch(/password:/);
  });

  it("quote what Patroni's YAML 1.1 would read as a truth value", () =>
    expect(clusterFile(smallSettings())).toMatch(/archive_mode: "on"/));

  it("archive at least as often as is set", () => {
    const { parameters } = dynamicConfiguration(smallSettings({ archive: { timeout: 30 } })).postgresql;
    expect(parameters).toMatchObject({ archive_mode: "on", archive_timeout: "30s", wal_level: "replica" });
  });

  it.each([
    ["quorum", "quorum"],
    ["on", true],
    ["off", false],
  ])("say how commits are kept: %s", (synchronous, mode) =>
    expect(dynamicConfiguration(smallSettings({ synchronous })).synchronous_mode).toBe(mode),
  );

  it("name no role that could log in over the network without a certificate or a password", () => {
    const { postgresql } = parse(memberFile(smallSettings(), [])) as { postgresql: { pg_hba: string[] } };
    const remote = postgresql.pg_hba.filter((line) => !line.startsWith("local "));
    expect(remote.every((line) => line.startsWith("hostssl ") && !line.includes("trust"))).toBe(true);
  });
});

describe("HAProxy's file", () => {
  const proxy = (authority: string) => proxyProgram(smallSettings(), { address: "127.0.0.1", authority });

  it("is accepted by HAProxy without a warning", async () => {
    const { postgres } = await issueClusterCertificates();
    const result = await runInDebian({
      argv: ["haproxy", "-c", "-dW", "-f", proxyFile],
      files: { ...proxy(postgres.authority).files, "/etc/resolv.conf": "nameserver 127.0.0.1\n" },
    });
    expect(result.exitCode, result.stderr).toBe(0);
  });

  it("asks every member, for each role", () =>
    expect(proxy("").files[proxyFile]?.match(/server postgres-\d /g)).toHaveLength(2 * members.length));
});

describe("pgBackRest's files", () => {
  it("are accepted by pgBackRest, of members and of jobs", async () => {
    const settings = smallSettings();
    const hosts = members.map(({ host }) => host);
    for (const config of [
      memberRepositoryConfig(settings, [place]),
      jobRepositoryConfig(settings, [place], hosts, paths.tls),
    ]) {
      const result = await runInDebian({
        argv: ["pgbackrest", "--stanza=dify", "--config=/etc/test.conf", "--log-level-console=warn", "help", "info"],
        files: { "/etc/test.conf": config },
      });
      expect(result.exitCode, result.stdout + result.stderr).toBe(0);
      expect(result.stdout + result.stderr).not.toMatch(/WARN|invalid/);
    }
  });

  it("hold no key", () => expect(memberRepositoryConfig(smallSettings(), [place])).not.toMatch(/s3-key|cipher-pass/));

  it("bound the log that waits for an object store that is away, so that Postgres does not stop", () =>
    expect(memberRepositoryConfig(smallSettings({ storage: "10Gi" }), [place])).toContain(
      `archive-push-queue-max=${5 * 2 ** 30}`,
    ));
});

describe("PgBouncer's files", () => {
  it("carry all clients and no password", () => {
    const clients = [{ name: "api", processes: 10, poolSize: 20, overflow: 10 }];
    const files = { clients, primary: { host: "proxy", port: 5000 }, tls: "/tls", userList: "/users" };
    const rendered = pgbouncerConfig({ settings: smallSettings(), ...files });
    expect(rendered).toContain("max_client_conn = 350");
    expect(rendered).toContain("dify = host=proxy port=5000 dbname=dify pool_size=8");
    expect(rendered).not.toContain("password");
  });

  it("double the quotes in a password", () =>
    expect(userList({ pooler: "plain", poolerAdmin: 'a "b"' })).toBe('"pooler" "plain"\n"pooler_admin" "a ""b"""\n'));
});

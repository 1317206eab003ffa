import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { CertificateAuthority } from "../../../components/network/certificates.ts";
import type { PostgresConnection } from "../../../components/postgres/connection.ts";
import { Postgres } from "../../../components/postgres/postgres.ts";
import { clusterSettings } from "../../../config/cluster.ts";
import { networkSettings } from "../../../config/network.ts";
import { postgresSettings } from "../../../config/postgres.ts";
import { at, declare, find, secretMarker, type Declared } from "../../support/mocks.ts";

interface Changes {
  readonly postgres?: Record<string, unknown>;
  readonly difyPassword?: string;
}

let connection: PostgresConnection;

function postgres({ postgres = {}, difyPassword = "a password of dify" }: Changes = {}): Promise<Declared[]> {
  const bucket = {
    bucket: "backups",
    accessKey: pulumi.output("backups"),
    secretKey: pulumi.secret("a secret key"),
  };
  return declare(() => {
    const authority = new CertificateAuthority("dify", { settings: networkSettings.parse({}).certificates });
    ({ connection } = new Postgres("postgres", {
      cluster: clusterSettings.parse({}),
      namespace: "dify-data",
      settings: postgresSettings.parse(postgres),
      authority,
      credentials: {
        password: (name) => pulumi.secret(name === "difyDatabasePassword" ? difyPassword : `a password of ${name}`),
      },
      objectStore: {
        endpoint: pulumi.output("https://minio.dify-data.svc.cluster.local:9000"),
        region: "us-east-1",
        addressing: "path",
        caCertificate: pulumi.output("-----BEGIN CERTIFICATE-----"),
        backups: bucket,
        ready: [],
      },
      clients: [{ name: "api", processes: 4, poolSize: 10, overflow: 5 }],
    }));
  });
}

const checksum = (resources: Declared[], kind: string, name: string) =>
  at(find(resources, kind, name).inputs, "spec.template.metadata.annotations.dify-ha/configuration-checksum");

/** Name of each workload to the checksum of what it reads. */
function checksums(resources: Declared[]): Record<string, unknown> {
  return {
    etcd: checksum(resources, "StatefulSet", "etcd"),
    members: checksum(resources, "StatefulSet", "postgres"),
    proxies: checksum(resources, "DaemonSet", "postgres-haproxy"),
    poolers: checksum(resources, "Deployment", "pgbouncer"),
  };
}

const podsOf = (resource: Declared) => at(resource.inputs, "spec.template.spec") as Record<string, unknown>;

describe("a Postgres cluster of our own", () => {
  let resources: Declared[];
  beforeAll(async () => {
    resources = await postgres();
  }, 60_000);

  it.each(["etcd", "postgres"])("spreads three members of %s over zones and hosts", (name) => {
    const members = find(resources, "StatefulSet", name);
    expect(at(members.inputs, "spec.replicas")).toBe(3);
    expect(podsOf(members)["topologySpreadConstraints"]).toEqual([
      expect.objectContaining({ topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule" }),
    ]);
    expect(at(podsOf(members), "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution")).toHaveLength(
      1,
    );
  });

  it("has more than one pooler, in different zones, one drained at a time", () => {
    const deployment = find(resources, "Deployment", "pgbouncer");
    expect(at(deployment.inputs, "spec.replicas")).toBe(2);
    expect(podsOf(deployment)["topologySpreadConstraints"]).toContainEqual(
      expect.objectContaining({ topologyKey: "topology.kubernetes.io/zone" }),
    );
    expect(at(find(resources, "PodDisruptionBudget", "pgbouncer").inputs, "spec.maxUnavailable")).toBe(1);
  });

  it.each(["pgbouncer", "postgres-haproxy"])("leads whoever calls %s to the proxy of his own node", (name) => {
    expect(find(resources, "Service", name).inputs).toMatchObject({
      spec: { selector: { "app.kubernetes.io/name": "postgres-haproxy" }, trafficDistribution: "PreferSameNode" },
    });
  });

  it("tells the proxies of every pooler, also of those that are not ready", () =>
    expect(find(resources, "Service", "pgbouncer-pods").inputs).toMatchObject({
      spec: { selector: { "app.kubernetes.io/name": "pgbouncer" }, clusterIP: "None", publishNotReadyAddresses: true },
    }));

  it("gives a proxy that is replaced longer than it needs to let its connections end", () => {
    const pods = podsOf(find(resources, "DaemonSet", "postgres-haproxy"));
    const config = find(resources, "ConfigMap", "postgres-haproxy-config");
    const file = (at(config.inputs, "data") as Record<string, string>)["haproxy.cfg"] ?? "";
    const hardStop = Number(/hard-stop-after (\d+)s/.exec(file)?.[1]);
    expect(pods["terminationGracePeriodSeconds"]).toBeGreaterThan(hardStop);
  });

  it("has no secret outside of Secrets", () => {
    const open = resources.filter(({ type }) => !type.endsWith(":Secret")).map(({ inputs }) => JSON.stringify(inputs));
    expect(open.filter((text) => /a password of|a secret key|PRIVATE KEY/.test(text))).toEqual([]);
  });

  it("keeps every value of its Secrets secret", () => {
    const secrets = resources.filter(({ type, name }) => type.endsWith(":Secret") && !name.endsWith("-tls"));
    expect(secrets.map(({ name }) => name).sort()).toEqual([
      "patroni",
      "pgbackrest-repository",
      "pgbouncer-users",
      "postgres-bootstrap",
    ]);
    for (const { inputs } of secrets)
      expect(new Set(Object.values(at(inputs, "stringData") as object))).toEqual(new Set([secretMarker]));
  });

  it("ties what waits for it to databases and poolers, not to the object store", () => {
    expect(connection).toMatchObject({ port: 6432, pooled: true, dify: { database: "dify", user: "dify" } });
    expect(connection.ready).toHaveLength(2);
  });

  it("votes beside every member, unless that is switched off", async () => {
    const containers = (declared: Declared[]) =>
      (podsOf(find(declared, "StatefulSet", "postgres"))["containers"] as { name: string }[]).map(({ name }) => name);
    expect(containers(resources)).toEqual(["postgres", "pgbackrest", "voter"]);
    expect(containers(await postgres({ postgres: { timing: { voter: false } } }))).toEqual(["postgres", "pgbackrest"]);
  });

  it("rolls nobody for what all members share, and has the bootstrap put it into etcd", async () => {
    const changed = await postgres({ postgres: { archive: { timeout: 30 } } });
    expect(checksums(changed)).toEqual(checksums(resources));
    const job = (declared: Declared[]) =>
      declared.find(({ type, name }) => type.endsWith(":Job") && name.startsWith("postgres-bootstrap-"))?.name;
    expect(job(changed)).not.toBe(job(resources));
  });

  it("rolls only the poolers for what poolers read", async () => {
    const changed = await postgres({ postgres: { pooler: { preparedStatements: 50 } } });
    const { poolers, ...others } = checksums(resources);
    const { poolers: changedPoolers, ...changedOthers } = checksums(changed);
    expect(changedPoolers).not.toBe(poolers);
    expect(changedOthers).toEqual(others);
  });

  it("rolls only the proxies for how members are checked", async () => {
    const changed = await postgres({ postgres: { proxy: { check: { failures: 4 } } } });
    const { proxies, ...others } = checksums(resources);
    const { proxies: changedProxies, ...changedOthers } = checksums(changed);
    expect(changedProxies).not.toBe(proxies);
    expect(changedOthers).toEqual(others);
  });

  it("runs the bootstrap again for another password, and rolls nobody", async () => {
    const changed = await postgres({ difyPassword: "another password of dify" });
    expect(checksums(changed)).toEqual(checksums(resources));
    const annotations = (declared: Declared[]) =>
      declared
        .filter(({ type, name }) => type.endsWith(":Job") && name.startsWith("postgres-bootstrap-"))
        .map(({ inputs }) => at(inputs, "spec.template.metadata.annotations"));
    expect(annotations(changed)).not.toEqual(annotations(resources));
  });

  it("checks replication only where commits wait for it", async () => {
    const checked = (declared: Declared[]) => declared.some(({ name }) => name.startsWith("replication-check"));
    expect(checked(resources)).toBe(true);
    expect(checked(await postgres({ postgres: { synchronous: "off", timing: { voter: false } } }))).toBe(false);
  });
});

describe("an external server", () => {
  it("needs nothing in the cluster", async () => {
    const resources = await postgres({ postgres: { backend: "external", host: "db.example.com", port: 6000 } });
    expect(resources.filter(({ type }) => type.startsWith("kubernetes:"))).toEqual([]);
    expect(connection).toMatchObject({ port: 6000, pooled: false, caCertificate: undefined, ready: [] });
  });
});

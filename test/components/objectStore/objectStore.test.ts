import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { ObjectStore } from "../../../components/objectStore/objectStore.ts";
import { CertificateAuthority } from "../../../components/network/certificates.ts";
import { clusterSettings } from "../../../config/cluster.ts";
import { certificateSettings } from "../../../config/network.ts";
import { objectStoreSettings } from "../../../config/objectStore.ts";
import { at, declare, find, secretMarker } from "../../support/mocks.ts";

const credentials = {
  password: (name: string) => pulumi.secret(`value-of-${name}`),
  key: (name: string) => pulumi.secret(`key-of-${name}`),
};

function store(given: unknown): ObjectStore {
  const authority = new CertificateAuthority("authority", { settings: certificateSettings.parse(undefined) });
  return new ObjectStore("object-store", {
    cluster: clusterSettings.parse(undefined),
    namespace: "dify-data",
    settings: objectStoreSettings.parse(given),
    authority,
    credentials,
  });
}

const promised = (output: pulumi.Input<string> | undefined) =>
  new Promise<string | undefined>((done) => void pulumi.output(output).apply(done));

describe("MinIO", () => {
  const declared = declare(() => store(undefined));

  it("runs six servers with two volumes each, spread over zones, one at a time to be drained", async () => {
    const servers = find(await declared, "StatefulSet", "minio").inputs;
    expect(at(servers, "spec.replicas")).toBe(6);
    expect(at(servers, "spec.template.spec.containers.0.args")).toContain(
      "https://minio-{0...5}.minio.dify-data.svc.cluster.local:9000/data{0...1}",
    );
    expect(at(servers, "spec.volumeClaimTemplates.1.metadata.name")).toBe("data1");
    expect(at(servers, "spec.template.spec.topologySpreadConstraints.0.whenUnsatisfiable")).toBe("DoNotSchedule");
    expect(at(servers, "metadata.annotations")).toEqual({ "dify-ha/backup": "object-copy" });
    expect(at(find(await declared, "PodDisruptionBudget", "minio").inputs, "spec.maxUnavailable")).toBe(1);
  });

  it("gives up a connection to a lost server after seconds, as the settings say", async () => {
    const servers = find(await declared, "StatefulSet", "minio").inputs;
    expect(at(servers, "spec.template.spec.containers.0.env")).toContainEqual({
      name: "MINIO_CONN_USER_TIMEOUT",
      value: "5s",
    });
  });

  it("is reached through a proxy on the client's node, which knows every server and who signed its certificate", async () => {
    const service = find(await declared, "Service", "minio-s3").inputs;
    expect(at(service, "spec.selector")).toEqual({ "app.kubernetes.io/name": "minio-s3" });
    expect(at(service, "spec.trafficDistribution")).toBe("PreferSameNode");
    expect(find(await declared, "DaemonSet", "minio-s3")).toBeDefined();
    const files = at(find(await declared, "ConfigMap", "minio-s3-config").inputs, "data") as Record<string, string>;
    expect(files["haproxy.cfg"]?.match(/^ {2}server .*$/gm)).toHaveLength(6);
    expect(files["haproxy.cfg"]).toContain("minio-5.minio.dify-data.svc.cluster.local:9000 check check-ssl");
    expect(files["ca.crt"]).toBeDefined();
  });

  it("declares its buckets for policies to read, backups locked for nobody to delete", async () => {
    const map = find(await declared, "ConfigMap", "object-store-buckets").inputs;
    expect((at(map, "metadata.labels") as Record<string, string>)["dify-ha/declares"]).toBe("buckets");
    const buckets = JSON.parse((at(map, "data") as Record<string, string>)["buckets.json"] ?? "") as unknown[];
    expect(buckets).toContainEqual({
      name: "dify-backups",
      purpose: "backup",
      versioned: true,
      lock: { mode: "COMPLIANCE", days: 30 },
      encryption: "dify-ha",
      noncurrentDays: 30,
      user: "backups",
      reads: ["dify-files", "dify-plugins"],
    });
    expect(buckets).toHaveLength(4);
  });

  it("has no secret outside of Secrets", async () => {
    const resources = (await declared).filter(
      ({ type }) => !type.endsWith(":Secret") && type.startsWith("kubernetes:"),
    );
    expect(JSON.stringify(resources.map(({ revealed }) => revealed))).not.toMatch(/value-of-|key-of-/);
    expect(at(find(await declared, "Secret", "minio").inputs, "stringData.kms")).toBe(secretMarker);
    expect(at(find(await declared, "Secret", "minio").revealed, "stringData.kms")).toBe(
      "dify-ha:key-of-objectStoreEncryptionKey",
    );
  });

  it("has clients wait for buckets, and lets them check its certificate", async () => {
    let connection: ObjectStore["connection"] | undefined;
    await declare(() => {
      connection = store(undefined).connection;
    });
    expect(connection).toMatchObject({ addressing: "path", dify: { bucket: "dify-files" } });
    expect(connection?.ready).toHaveLength(3);
    expect(connection?.caCertificate).toBeDefined();
    expect(await promised(connection?.endpoint)).toBe("https://minio-s3.dify-data.svc.cluster.local:9000");
    const names = at(find(await declared, "CertRequest", "minio").inputs, "dnsNames") as string[];
    expect(names).toContain("minio-s3.dify-data.svc.cluster.local");
    expect(names).toContain("*.minio.dify-data.svc.cluster.local");
  });

  it("makes another Job when buckets change, and the same otherwise", async () => {
    const job = async (given: unknown) =>
      (await declare(() => store(given))).find(({ type }) => type.endsWith(":Job"))?.name;
    const present = (await declared).find(({ type }) => type.endsWith(":Job"))?.name;
    expect(await job(undefined)).toBe(present);
    expect(await job({ retention: { backupDays: 31 } })).not.toBe(present);
  });
});

describe("S3", () => {
  const login = (bucket: string) => ({ bucket, accessKey: `key-${bucket}` });
  const given = {
    backend: "s3",
    region: "eu-central-1",
    dify: login("files"),
    plugins: login("plugins"),
    backups: login("backups"),
    catalogue: login("catalogue"),
  };

  it("is used as it is: nothing is made", async () => {
    let connection: ObjectStore["connection"] | undefined;
    const resources = await declare(() => {
      connection = store(given).connection;
    });
    expect(resources.filter(({ type }) => type.startsWith("kubernetes:"))).toEqual([]);
    expect(connection).toMatchObject({
      region: "eu-central-1",
      addressing: "virtual",
      caCertificate: undefined,
      ready: [],
    });
    expect(connection?.dify.bucket).toBe("files");
  });
});

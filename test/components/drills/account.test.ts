import { AuthorizationV1Api, CoreV1Api, KubernetesObjectApi, type KubernetesObject } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { clusterTimeout, testCluster, testNamespace, type TestCluster } from "../../support/cluster.ts";
import { declareBackups } from "../../support/backupSample.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";

usesDebian();

const text = (path: string) => readFileSync(new URL(`../../../scripts/${path}`, import.meta.url), "utf8");

/** Writes a result as the last step of a drill does. */
const writer = `
import sys
from kubernetes_api import Refused, call
namespace, name = sys.argv[1:]
try:
    call("PATCH", "api/v1", f"configmaps/{name}", {"data": {"result.json": "{}"}}, namespace=namespace)
except Refused as error:
    sys.exit(str(error))
`;

/** The drills' account with its rights, its quota and its jobs as the program declares them, at a real API server. */
describe("drills in the cluster", { timeout: 60_000 }, () => {
  let cluster: TestCluster;
  let drills: string;
  let data: string;

  beforeAll(async () => {
    cluster = await testCluster();
    [drills, data] = [await testNamespace(cluster), await testNamespace(cluster)];
    const api = cluster.config.makeApiClient(KubernetesObjectApi);
    const resources = await declareBackups({ drills: {} });
    const kinds = ["ServiceAccount", "Role", "RoleBinding", "ConfigMap", "ResourceQuota", "LimitRange", "CronJob"];
    for (const { name, inputs } of resources)
      if (/^drill/.test(name) && kinds.includes(inputs["kind"] as string))
        await api.create(
          JSON.parse(
            JSON.stringify(inputs).replaceAll('"dify-drills"', `"${drills}"`).replaceAll('"dify-data"', `"${data}"`),
          ) as KubernetesObject,
        );
  }, clusterTimeout);

  async function write(name: string) {
    const core = cluster.config.makeApiClient(CoreV1Api);
    const body = { spec: { audiences: [] } };
    const { status } = await core.createNamespacedServiceAccountToken({ name: "drills", namespace: drills, body });
    const { server, caData, caFile = "" } = cluster.config.getCurrentCluster() ?? {};
    const { hostname, port } = new URL(server ?? "");
    const account = "/var/run/secrets/kubernetes.io/serviceaccount";
    return runInDebian({
      argv: ["python3", "-B", "/opt/test/write.py", data, name],
      env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
      files: {
        "/opt/test/write.py": writer,
        "/opt/test/kubernetes_api.py": text("backup/kubernetes_api.py"),
        [`${account}/namespace`]: drills,
        [`${account}/token`]: status?.token ?? "",
        [`${account}/ca.crt`]: caData ? Buffer.from(caData, "base64").toString() : readFileSync(caFile, "utf8"),
      },
    });
  }

  it("write their results, and no other ConfigMap", async () => {
    const core = cluster.config.makeApiClient(CoreV1Api);
    await core.createNamespacedConfigMap({ namespace: data, body: { metadata: { name: "backup-record-one" } } });
    expect((await write("drill-light")).stderr).toBe("");
    expect((await core.readNamespacedConfigMap({ namespace: data, name: "drill-light" })).data).toEqual({
      "result.json": "{}",
    });
    expect((await write("backup-record-one")).stderr).toContain("cannot patch resource");
  });

  it("read records, and neither make one nor see a secret", async () => {
    const api = cluster.config.makeApiClient(AuthorizationV1Api);
    const user = () => `system:serviceaccount:${drills}:drills`;
    const may = async (verb: string, resource: string, namespace: string) =>
      (
        await api.createSubjectAccessReview({
          body: { spec: { user: user(), resourceAttributes: { namespace, verb, resource } } },
        })
      ).status?.allowed;
    expect(await may("list", "configmaps", data)).toBe(true);
    expect(await may("create", "configmaps", data)).toBe(false);
    expect(await may("delete", "configmaps", data)).toBe(false);
    expect(await may("get", "secrets", data)).toBe(false);
    expect(await may("get", "secrets", drills)).toBe(false);
  });
});

import { join } from "node:path";
import { CustomObjectsApi, KubernetesObjectApi, PatchStrategy, type KubernetesObject } from "@kubernetes/client-node";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { alertmanagerConfigSpec, type OperatorPlaces } from "../../components/observability/alertmanager/operator.ts";
import { cachedModule } from "../../local/cluster/crds.ts";
import { notices } from "../components/observability/noticesSample.ts";
import {
  binDir,
  clusterTimeout,
  testCluster,
  testNamespace,
  untilServed,
  type TestCluster,
} from "../support/cluster.ts";

const definition = "example/prometheus-operator-crd/monitoring.coreos.com_alertmanagerconfigs.yaml";
const places: OperatorPlaces = { stack: "dify", secret: "notices", forwarder: "http://notice-forwarder:8080" };

/** The operator's own definition says what an AlertmanagerConfig may look like. */
describe("an AlertmanagerConfig", () => {
  let cluster: TestCluster;
  let namespace: string;

  beforeAll(async () => {
    cluster = await testCluster();
    namespace = await testNamespace(cluster);
    const module = await cachedModule("crds", "github.com/prometheus-operator/prometheus-operator");
    const options = ["--server-side", "--validate=ignore", `--kubeconfig=${cluster.kubeconfig}`];
    await execa(join(binDir, "kubectl"), ["apply", ...options, `--filename=${join(module, definition)}`], {
      env: { KUBERC: "off" },
    });
    const kind = { group: "monitoring.coreos.com", version: "v1alpha1", plural: "alertmanagerconfigs", namespace };
    await untilServed(cluster.config.makeApiClient(CustomObjectsApi), kind);
  }, clusterTimeout);

  const apply = (spec: unknown) =>
    cluster.config.makeApiClient(KubernetesObjectApi).patch(
      {
        apiVersion: "monitoring.coreos.com/v1alpha1",
        kind: "AlertmanagerConfig",
        metadata: { name: "notices", namespace },
        spec,
      } as KubernetesObject,
      undefined,
      "All",
      "manifests-test",
      true,
      PatchStrategy.ServerSideApply,
    );

  it.each([
    ["every kind of receiver", notices()],
    ["a heartbeat alone", notices({ receivers: [] })],
  ])("of %s is accepted by a real API server, field by field", async (_, settings) => {
    const spec = alertmanagerConfigSpec(settings, places);
    // Nothing was dropped on the way.
    expect(await apply(spec)).toMatchObject({ spec });
  });

  it("with a field that there is not is refused", async () =>
    expect(apply({ ...alertmanagerConfigSpec(notices(), places), timeIntervals: [] })).rejects.toThrow(
      /field not declared in schema/,
    ));
});

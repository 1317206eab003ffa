import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { flows } from "../../../components/network/flows.ts";
import { meshAnnotations, meshed } from "../../../components/network/mesh.ts";
import type { Declared } from "../../../render/declare.ts";
import { at, find } from "../../support/mocks.ts";
import { declareMeshed } from "../../support/meshedStack.ts";
import { judge } from "../../support/policies.ts";
import { settings } from "../../support/settings.ts";

const services = ["api", "beat", "gateway", "plugin-daemon", "web", "websocket", "worker"];
const excluded = (direction: "Inbound" | "Outbound", annotations: Readonly<Record<string, string>>) =>
  annotations[`traffic.sidecar.istio.io/exclude${direction}Ports`]?.split(",").map(Number) ?? [];

describe("proxies of a mesh", () => {
  const table = flows(settings({ network: { mesh: "istio" } }));

  it("are for Dify's services, not for data, sandboxes and Jobs", () => {
    expect(services.every(meshed)).toBe(true);
    expect(
      ["postgres", "redis", "minio", "etcd", "sandbox", "ssrf-proxy", "migration", "internet"].filter(meshed),
    ).toEqual([]);
  });

  it("see calls of other services, and nothing that goes to data, sandbox or the internet", () => {
    const out = excluded("Outbound", meshAnnotations("api", table));
    // PgBouncer, Redis, object store, the sandbox and its proxy, public addresses.
    expect(out).toEqual(expect.arrayContaining([6432, 6379, 9000, 8194, 3128, 80, 443]));
    for (const port of [5001, 5002]) expect(out).not.toContain(port);
  });

  it("let the gateway see the addresses of users", () =>
    expect(excluded("Inbound", meshAnnotations("gateway", table))).toEqual(expect.arrayContaining([8080, 8443])));

  it("hide no port that another service calls", () => {
    for (const { from, to, ports } of table.filter((flow) => meshed(flow.from) && meshed(flow.to)))
      if (meshed(from) && meshed(to))
        for (const port of ports) {
          expect(excluded("Outbound", meshAnnotations(from, table))).not.toContain(port);
          expect(excluded("Inbound", meshAnnotations(to, table))).not.toContain(port);
        }
  });
});

describe("a stack with a mesh", () => {
  let stack: Declared[];
  const golden = JSON.parse(
    readFileSync(new URL("../../golden/staging.json", import.meta.url), "utf8"),
  ) as readonly Declared[];
  const pods = (kind: string) => stack.filter(({ type }) => type.endsWith(`:${kind}`));
  const inApp = ({ inputs }: Declared) => at(inputs, "metadata.namespace") === "dify-staging";

  beforeAll(async () => {
    stack = await declareMeshed();
    // Declares a whole stack: 113 s seen on a machine with ten times as much to do as it has processors.
  }, 180_000);

  it("has proxies that begin before each service and end after it, and that probes pass", () => {
    const deployments = pods("Deployment").filter(inApp);
    expect(deployments.map(({ name }) => name).sort()).toEqual(services);
    for (const { inputs } of deployments)
      expect(at(inputs, "spec.template.metadata.annotations")).toMatchObject({
        "sidecar.istio.io/nativeSidecar": "true",
        "sidecar.istio.io/rewriteAppHTTPProbers": "true",
        "proxy.istio.io/config": '{"holdApplicationUntilProxyStarts":true}',
      });
  });

  it("has no proxy in a Job, which would never end", () => {
    const jobs = pods("Job").filter(inApp);
    expect(jobs).toHaveLength(1);
    for (const { inputs } of jobs)
      expect(at(inputs, "spec.template.metadata.labels")).toMatchObject({ "sidecar.istio.io/inject": "false" });
  });

  it("labels the namespaces so that Patroni, and all that holds data, gets none", () => {
    const labels = Object.fromEntries(
      pods("Namespace").map(({ name, inputs }) => [
        name,
        (at(inputs, "metadata.labels") as Record<string, string>)["istio-injection"],
      ]),
    );
    expect(labels).toEqual({
      "dify-staging": "enabled",
      "dify-staging-data": "disabled",
      "dify-staging-sandbox": "disabled",
      "dify-staging-drills": "disabled",
    });
  });

  it("lets proxies ask the control plane, and nobody else", () => {
    const asking = pods("NetworkPolicy").filter(({ inputs }) => JSON.stringify(inputs).includes("istio-system"));
    expect(asking.map(({ name }) => name).sort()).toEqual(services);
    const egress = at(find(stack, "NetworkPolicy", "web").inputs, "spec.egress") as object[];
    expect(egress).toContainEqual({
      to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "istio-system" } } }],
      ports: [{ protocol: "TCP", port: 15_012 }],
    });
  });

  it("complies with every policy", () => {
    const resources = stack.map((resource) => ({ ...resource, protect: resource.protected }));
    expect(judge(resources, "staging").violations).toEqual([]);
  });

  it("changes Dify's own services, their policies and the namespaces, and nothing else", () => {
    const key = ({ type, name }: Declared) => `${type.split(":").at(-1)} ${name}`;
    const before = new Map(golden.map((resource) => [key(resource), JSON.stringify(resource.inputs)]));
    const kubernetes = stack.filter(({ type }) => type.startsWith("kubernetes:"));
    const different = kubernetes.filter((resource) => before.get(key(resource)) !== JSON.stringify(resource.inputs));
    const [migration] = pods("Job").filter(inApp);
    expect(different.map(key).sort()).toEqual(
      [
        ...services.flatMap((name) => [`Deployment ${name}`, `NetworkPolicy ${name}`]),
        ...["api", "api-pods", "plugin-daemon", "plugin-daemon-pods", "web", "web-pods", "websocket"].map(
          (name) => `Service ${name}`,
        ),
        ...["", "-data", "-sandbox", "-drills"].map((end) => `Namespace dify-staging${end}`),
        `Job ${migration?.name}`,
      ].sort(),
    );
  });
});

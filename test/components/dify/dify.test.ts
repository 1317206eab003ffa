import { beforeAll, describe, expect, it, vi } from "vitest";
import { checksumAnnotation } from "../../../components/workload/checksum.ts";
import { at, find, type Declared } from "../../support/mocks.ts";
import { declareDify, settings } from "./sample.ts";

vi.setConfig({ testTimeout: 60_000 });

let resources: Declared[];
beforeAll(async () => {
  resources = await declareDify(settings());
}, 60_000);

const deployment = (name: string, of = resources) => find(of, "Deployment", name).inputs;
const container = (name: string, of = resources) =>
  at(deployment(name, of), "spec.template.spec.containers.0") as Container;
const names = (kind: string, of = resources) =>
  of
    .filter((r) => r.type.endsWith(`:${kind}`))
    .map((r) => r.name)
    .sort();

interface Container {
  readonly image: string;
  readonly env?: { readonly name: string; readonly value: string }[];
  readonly command?: string[];
  readonly livenessProbe: {
    readonly httpGet?: { readonly path: string };
    readonly exec?: { readonly command: string[] };
  };
  readonly startupProbe: object;
  readonly readinessProbe?: object;
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly resources: { readonly requests: Record<string, string>; readonly limits: Record<string, string> };
  readonly securityContext: Record<string, unknown>;
}
const variables = (name: string, of = resources) =>
  Object.fromEntries((container(name, of).env ?? []).map(({ name: key, value }) => [key, value]));

const services = ["api", "beat", "gateway", "plugin-daemon", "sandbox", "ssrf-proxy", "web", "websocket", "worker"];

describe("Dify", () => {
  it("consists of its services", () => expect(names("Deployment")).toEqual(services));

  it("runs API and workers as the requirements ask", () => {
    expect(deployment("api")).toMatchObject({ spec: { replicas: 3 } });
    expect(container("api").resources).toEqual({ requests: { cpu: "500m", memory: "2Gi" }, limits: { memory: "2Gi" } });
    expect(deployment("worker")).toMatchObject({ spec: { replicas: 2 } });
    expect(container("worker").resources).toEqual({
      requests: { cpu: "1000m", memory: "4Gi" },
      limits: { memory: "4Gi" },
    });
  });

  it("spreads what has replicas: over zones, workers over hosts", () => {
    const firstSpread = (name: string) => at(deployment(name), "spec.template.spec.topologySpreadConstraints.0");
    for (const name of ["api", "gateway", "web", "plugin-daemon", "sandbox", "ssrf-proxy"])
      expect(firstSpread(name)).toMatchObject({
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "DoNotSchedule",
      });
    expect(firstSpread("worker")).toMatchObject({
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "DoNotSchedule",
    });
    expect(names("PodDisruptionBudget")).toEqual(services.filter((name) => name !== "beat" && name !== "websocket"));
  });

  it("never runs two schedulers, nor two websocket servers of a version that cannot share", () => {
    for (const name of ["beat", "websocket"])
      expect(deployment(name)).toMatchObject({ spec: { replicas: 1, strategy: { type: "Recreate" } } });
  });

  it("probes all, and asks no database for whether a process lives", () => {
    for (const name of services) {
      const { startupProbe, livenessProbe, readinessProbe } = container(name);
      expect([name, startupProbe, livenessProbe]).not.toContain(undefined);
      if (name !== "beat") expect([name, readinessProbe]).not.toContain(undefined);
    }
    expect(container("api").livenessProbe.httpGet?.path).toBe("/health");
    expect(container("plugin-daemon").livenessProbe.httpGet?.path).toBe("/health/check");
    expect(container("web").livenessProbe.httpGet?.path).toBe("/apps");
    expect(container("worker").livenessProbe.exec?.command.at(-1)).toBe("alive");
  });

  it("gives runs the time to end, from the first drain to the last write", async () => {
    const long = await declareDify(settings({ maxExecutionSeconds: 3600 }));
    for (const name of ["api", "worker", "gateway", "plugin-daemon"])
      expect(at(deployment(name, long), "spec.template.spec.terminationGracePeriodSeconds")).toBeGreaterThan(3600);
    for (const name of services.filter((s) => s !== "worker" && s !== "beat"))
      expect(container(name, long).lifecycle?.preStop.sleep.seconds).toBeGreaterThan(0);
    expect(variables("api", long)["GUNICORN_CMD_ARGS"]).toBe("--graceful-timeout 3630");
    expect(find(long, "ConfigMap", "gateway").inputs["data"]).toMatchObject({
      "nginx.conf": expect.stringContaining("worker_shutdown_timeout 3630s;") as string,
    });
  });

  it("runs as nobody special, but for the sandbox, which says why", () => {
    for (const name of services.filter((s) => s !== "sandbox")) {
      expect(at(deployment(name), "spec.template.spec.securityContext.runAsNonRoot")).toBe(true);
      expect(container(name).securityContext).toEqual({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
      });
    }
    expect(deployment("sandbox")).toMatchObject({ metadata: { namespace: "dify-sandbox" } });
    expect(container("sandbox").securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"], add: expect.arrayContaining(["SYS_CHROOT", "SETUID"]) as string[] },
    });
  });

  it("leaves the number of replicas to an autoscaler where there is one", async () => {
    const bounds = { min: 3, max: 12 };
    const scaled = await declareDify(
      settings({
        api: { replicas: bounds },
        web: { replicas: bounds },
        sandbox: { replicas: bounds },
        worker: { replicas: { ...bounds, queue: { metric: "dify_queue_length", perReplica: 5 } } },
      }),
    );
    expect(names("HorizontalPodAutoscaler", scaled)).toEqual(["api", "sandbox", "web", "worker"]);
    for (const name of ["api", "sandbox", "web", "worker"])
      expect(at(deployment(name, scaled), "spec")).not.toHaveProperty("replicas");
    expect(JSON.stringify(find(scaled, "HorizontalPodAutoscaler", "worker").inputs)).toContain("dify_queue_length");
  });
});

describe("a change of configuration", () => {
  const checksums = (of: readonly Declared[]) =>
    Object.fromEntries(
      services.map((name) => [
        name,
        (
          at(find(of, "Deployment", name).inputs, "spec.template.metadata.annotations") as
            Record<string, string> | undefined
        )?.[checksumAnnotation],
      ]),
    );
  const rolled = async (given: Parameters<typeof settings>[0]) => {
    const before = checksums(resources);
    const after = checksums(await declareDify(settings(given)));
    return services.filter((name) => before[name] !== after[name]);
  };

  it.each([
    [
      "a variable of the API",
      { extraEnvironment: { UPLOAD_FILE_SIZE_LIMIT: "50" } },
      ["api", "beat", "websocket", "worker"],
    ],
    ["an exception of the proxy", { ssrfProxy: { allowAddresses: ["10.1.0.0/16"] } }, ["ssrf-proxy"]],
    ["the size of uploads", { gateway: { bodyMiB: 200 } }, ["gateway"]],
    ["the index of packages", { pluginDaemon: { packageIndex: "https://pypi.example.com/simple" } }, ["plugin-daemon"]],
    ["nothing", {}, []],
  ] as const)("rolls those who read %s, and no others", async (_, given, expected) =>
    expect(await rolled(given)).toEqual(expected),
  );
});

describe("a release", () => {
  it("has a migration of its own, which is not run again", async () => {
    const [job] = names("Job");
    expect(job).toMatch(/^migration-1-15-0-[0-9a-f]{8}$/);
    expect(names("Job", await declareDify(settings({ logLevel: "DEBUG" })))).toEqual([job]);
    expect(
      names("Job", await declareDify(settings({ migration: { commands: ["backfill-plugin-auto-upgrade"] } }))),
    ).not.toEqual([job]);
    expect(names("Job", await declareDify(settings({ version: "1.17.1" })))[0]).toMatch(/^migration-1-17-1-/);
  });

  it("changes what its version does: 1.3.0", async () => {
    const old = await declareDify(settings({ version: "1.3.0" }));
    expect(names("Deployment", old)).toEqual(services.filter((name) => name !== "websocket"));
    expect(container("plugin-daemon", old).image).toBe("langgenius/dify-plugin-daemon:0.0.9-local");
    expect(deployment("plugin-daemon", old)).toMatchObject({ spec: { replicas: 1, strategy: { type: "Recreate" } } });
    expect(at(deployment("plugin-daemon", old), "spec.template.spec.shareProcessNamespace")).toBe(true);
    const gateway = JSON.stringify(find(old, "ConfigMap", "gateway").inputs);
    expect(gateway).not.toMatch(/location \/(mcp|triggers|openapi|socket.io)/);
    const [job] = names("Job", old);
    expect(JSON.stringify(find(old, "Job", job ?? "").inputs)).toContain('"db upgrade"');
  });

  it("changes what its version does: 1.15.0", () => {
    expect(container("api").image).toBe("langgenius/dify-api:1.15.0");
    expect(container("plugin-daemon").image).toBe("langgenius/dify-plugin-daemon:0.6.3-local");
    expect(deployment("plugin-daemon")).toMatchObject({ spec: { replicas: 2, strategy: { type: "RollingUpdate" } } });
    expect(at(deployment("plugin-daemon"), "spec.template.spec")).not.toHaveProperty("shareProcessNamespace");
    expect(JSON.stringify(find(resources, "ConfigMap", "gateway").inputs)).toContain("location /openapi");
  });

  it("changes what its version does: 1.17.1 with agents and several websocket servers", async () => {
    const recent = await declareDify(
      settings({ version: "1.17.1", agent: { enabled: true }, websocket: { replicas: 2 } }),
    );
    expect(names("Deployment", recent)).toEqual([...services, "agent-backend"].sort());
    expect(find(recent, "StatefulSet", "agent-sandbox").inputs).toMatchObject({
      metadata: { namespace: "dify-sandbox" },
      spec: { replicas: 1 },
    });
    expect(container("agent-backend", recent).image).toBe("langgenius/dify-agent-backend:1.17.1");
    expect(deployment("websocket", recent)).toMatchObject({
      spec: { replicas: 2, strategy: { type: "RollingUpdate" } },
    });
    for (const name of ["websocket", "gateway"])
      expect(find(recent, "Service", name).inputs).toMatchObject({ spec: { sessionAffinity: "ClientIP" } });
  });
});

describe("placement", () => {
  const podSpecs = (of: readonly Declared[]) =>
    of
      .filter((r) => /:(Deployment|StatefulSet|Job)$/.test(r.type))
      .map((r) => ({ name: r.name, spec: at(r.inputs, "spec.template.spec") as object }));
  const everything = { version: "1.17.1", agent: { enabled: true } } as const;

  it("is the same for every pod of Dify, migration and agents among them", async () => {
    const selector = { "example.com/pool": "dify" };
    const tolerations = [
      { key: "example.com/only", value: "dify", effect: "NoSchedule" as const },
      { operator: "Exists" as const },
    ];
    const placed = podSpecs(await declareDify(settings({ ...everything, nodes: { selector, tolerations } })));
    expect(placed.map(({ name }) => name.replace(/^migration-.*/, "migration")).sort()).toEqual(
      [...services, "agent-backend", "agent-sandbox", "migration"].sort(),
    );
    for (const { spec } of placed)
      expect(spec).toMatchObject({
        nodeSelector: selector,
        tolerations: [{ ...tolerations[0], operator: "Equal" }, { operator: "Exists" }],
      });
  });

  it("is said nothing of where nothing is asked", async () => {
    for (const { spec } of podSpecs(await declareDify(settings(everything)))) {
      expect(spec).not.toHaveProperty("nodeSelector");
      expect(spec).not.toHaveProperty("tolerations");
    }
  });

  it.each([
    [{ tolerations: [{ value: "dify" }] }, "must have a key"],
    [{ tolerations: [{ operator: "Exists", key: "a", value: "b" }] }, "must have no value"],
    [{ tolerations: [{ key: "a", effect: "Never" }] }, "NoSchedule"],
    [{ selector: { "two words": "x" } }, "nodes"],
    [{ selector: { pool: "-" } }, "must be a value of a label"],
  ])("that Kubernetes would refuse is refused before: %j", (nodes, message) =>
    expect(() => settings({ nodes })).toThrow(message),
  );
});

describe("the way in", () => {
  it("is a load balancer that keeps the client's address", () =>
    expect(find(resources, "Service", "gateway").inputs).toMatchObject({
      spec: {
        type: "LoadBalancer",
        externalTrafficPolicy: "Local",
        ports: [
          { port: 80, targetPort: 8080 },
          { port: 443, targetPort: 8080 },
        ],
      },
    }));

  it("is an Ingress in its place", async () => {
    const exposure = { kind: "ingress", className: "nginx", tlsSecret: "dify-tls" };
    const declared = await declareDify(settings({ gateway: { exposure } }));
    expect(find(declared, "Service", "gateway").inputs).not.toMatchObject({ spec: { type: "LoadBalancer" } });
    expect(find(declared, "Ingress", "gateway").inputs).toMatchObject({
      spec: { ingressClassName: "nginx", tls: [{ hosts: ["dify.example.com"], secretName: "dify-tls" }] },
    });
  });

  it("ends TLS itself with a certificate that is given", async () => {
    const declared = await declareDify(settings({ gateway: { tls: { endedBy: "gateway", secret: "dify-tls" } } }));
    expect(find(declared, "Service", "gateway").inputs).toMatchObject({
      spec: { ports: [{ targetPort: 8080 }, { targetPort: 8443 }] },
    });
    expect(JSON.stringify(deployment("gateway", declared))).toContain('"secretName":"dify-tls"');
  });
});

it("takes every image through a mirror", async () => {
  const mirrored = await declareDify(
    settings({ version: "1.17.1", agent: { enabled: true }, images: { registry: "registry.example.com/hub" } }),
  );
  const images = mirrored.flatMap((r) => [...JSON.stringify(r.inputs).matchAll(/"image":"([^"]+)"/g)].map((m) => m[1]));
  expect(images.length).toBeGreaterThan(services.length);
  expect(images.filter((image) => !image?.startsWith("registry.example.com/hub/"))).toEqual([]);
});

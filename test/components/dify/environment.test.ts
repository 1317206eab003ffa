import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { combine, plain } from "../../../components/dify/environment/environment.ts";
import { unpaddedBase64Url } from "../../../components/dify/environment/keys.ts";
import type { DifyVersionName } from "../../../components/dify/versions.ts";
import { isOwnVariable } from "../../../config/rules/dify.ts";
import { find, secretMarker, type Declared } from "../../support/mocks.ts";
import { declareDify, settings } from "./sample.ts";

type Values = Record<string, string>;

/** What a pod finds in its environment: everything, and the part of it that is no secret. */
function environmentOf(resources: readonly Declared[], name: string): { all: Values; plain: Values } {
  const visible = find(resources, "ConfigMap", name).revealed["data"] as Values;
  const secret = find(resources, "Secret", name).revealed["stringData"] as Values;
  return { all: { ...visible, ...secret }, plain: visible };
}

vi.setConfig({ testTimeout: 60_000 });

/** The oldest, the default, the newest; what else differs is in the table of versions. */
const versions = ["1.3.0", "1.15.0", "1.17.1"] as const satisfies DifyVersionName[];
const declared = new Map<DifyVersionName, Declared[]>();
beforeAll(async () => {
  for (const version of versions) declared.set(version, await declareDify(settings({ version })));
}, 120_000);
const of = (version: DifyVersionName) => declared.get(version) ?? [];
const backend = (version: DifyVersionName) => environmentOf(of(version), "dify-environment").all;
const plugin = (version: DifyVersionName) => environmentOf(of(version), "plugin-daemon").all;

describe("putting an environment together", () => {
  it("refuses a variable that two parts name, or both halves of one", () => {
    expect(() => combine(plain({ A: "1" }), plain({ A: "2" }))).toThrow("names A twice");
    expect(() => combine({ plain: { B: "1" }, secret: { B: "2" } })).toThrow("names B twice");
  });
});

describe.each(versions)("the environment of Dify %s", (version) => {
  it("has nothing secret outside of Secrets", () => {
    const visible = of(version).filter((r) => !r.type.endsWith(":Secret") && !r.type.startsWith("dify-ha:"));
    expect(JSON.stringify(visible.map((r) => r.inputs))).not.toContain(secretMarker);
    expect(JSON.stringify(visible.map((r) => r.revealed))).not.toMatch(
      /pw-|key-(secret|plugin|sandbox|agent)|\b[as]k-/,
    );
  });

  it("uses no secret that Dify publishes as its default", () => {
    const everything = JSON.stringify(of(version).map((r) => r.revealed));
    for (const published of [
      "difyai123456",
      "dify-sandbox:sandbox-key",
      "lYkiYYT6",
      "QaHbTe77",
      "WVF5YT",
      "for-dev-only",
    ])
      expect(everything).not.toContain(published);
    expect(backend(version)["CODE_EXECUTION_API_KEY"]).not.toBe("dify-sandbox");
  });

  it("gives both sides of each pair the same key", () => {
    const api = backend(version);
    const daemon = plugin(version);
    const sandbox = find(of(version), "Secret", "sandbox").revealed["stringData"] as Values;
    expect(daemon["SERVER_KEY"]).toBe(api["PLUGIN_DAEMON_KEY"]);
    expect(daemon["DIFY_INNER_API_KEY"]).toBe(api["INNER_API_KEY_FOR_PLUGIN"]);
    expect(sandbox["API_KEY"]).toBe(api["CODE_EXECUTION_API_KEY"]);
    expect(
      new Set([
        api["SECRET_KEY"],
        api["PLUGIN_DAEMON_KEY"],
        api["INNER_API_KEY_FOR_PLUGIN"],
        api["CODE_EXECUTION_API_KEY"],
      ]).size,
    ).toBe(4);
  });

  it("keeps its variables from being given twice", () =>
    expect(Object.keys(backend(version)).filter((name) => !isOwnVariable(name))).toEqual([]));

  it("carries what was seen to be needed", () =>
    expect(backend(version)).toMatchObject({
      MIGRATION_ENABLED: "false",
      LOG_FILE: "",
      SQLALCHEMY_POOL_PRE_PING: "true",
      REDIS_HOST: "redis-haproxy.dify-data.svc.cluster.local",
      REDIS_USE_SENTINEL: "false",
      CELERY_USE_SENTINEL: "false",
      CELERY_BROKER_URL: "redis://:pw-redis@redis-haproxy.dify-data.svc.cluster.local:6379/1",
      S3_ADDRESS_STYLE: "path",
      AWS_CA_BUNDLE: "/etc/dify-ha/authorities/object-store.crt",
      DB_EXTRAS: expect.stringMatching(
        /^sslmode=verify-full&sslrootcert=\/etc\/dify-ha\/authorities\/postgres.crt&tcp_user_timeout=\d+&/,
      ) as string,
      FILES_URL: "https://dify.example.com",
      INTERNAL_FILES_URL: "http://api.dify.svc.cluster.local:5001",
      VECTOR_STORE: "pgvector",
    }));
});

describe("what the version changes", () => {
  it("leads the event bus to the master", () => {
    expect(backend("1.3.0")).not.toHaveProperty("EVENT_BUS_REDIS_URL");
    for (const version of ["1.15.0", "1.17.1"] as const)
      expect(backend(version)["EVENT_BUS_REDIS_URL"]).toBe(
        "redis://:pw-redis@redis-haproxy.dify-data.svc.cluster.local:6379/0",
      );
  });

  it("tells plugin daemons of the pooler from when they know it", () => {
    expect(plugin("1.3.0")["DB_TYPE"]).toBe("postgresql");
    expect(plugin("1.17.1")).toMatchObject({
      DB_TYPE: "pgbouncer",
      DB_SSL_MODE: "require",
    });
  });

  it("names the agent back end only where it is enabled, and what its sandbox is called", async () => {
    expect(backend("1.17.1")).not.toHaveProperty("AGENT_BACKEND_BASE_URL");
    for (const [version, endpoint, token] of [
      ["1.16.1", "DIFY_AGENT_SHELLCTL_ENTRYPOINT", "DIFY_AGENT_SHELLCTL_AUTH_TOKEN"],
      ["1.17.1", "DIFY_AGENT_LOCAL_SANDBOX_ENDPOINT", "DIFY_AGENT_LOCAL_SANDBOX_AUTH_TOKEN"],
    ] as const) {
      const resources = await declareDify(settings({ version, agent: { enabled: true } }));
      const api = environmentOf(resources, "dify-environment").all;
      const agent = environmentOf(resources, "agent-backend").all;
      const shell = environmentOf(resources, "agent-sandbox").all;
      expect(api["AGENT_BACKEND_BASE_URL"]).toBe("http://agent-backend.dify.svc.cluster.local:5050");
      expect(agent["DIFY_AGENT_API_TOKEN"]).toBe(api["AGENT_BACKEND_API_TOKEN"]);
      expect(agent["DIFY_AGENT_PLUGIN_DAEMON_API_KEY"]).toBe(api["PLUGIN_DAEMON_KEY"]);
      expect(agent["DIFY_AGENT_INNER_API_KEY"]).toBe(api["INNER_API_KEY_FOR_PLUGIN"]);
      expect(agent[endpoint]).toBe("http://agent-sandbox.dify-sandbox.svc.cluster.local:5004");
      expect(agent[token]).toBe(shell["SHELLCTL_AUTH_TOKEN"]);
      expect(agent["DIFY_AGENT_REDIS_URL"]).toBe("redis://:pw-redis@redis-haproxy.dify-data.svc.cluster.local:6379/2");
    }
  });
});

describe("other servers", () => {
  it("are called without private authorities where there are none", async () => {
    const resources = await declareDify(settings(), (connections) => ({
      ...connections,
      redis: {
        ...connections.redis,
        host: pulumi.output("redis.example.com"),
        port: 6380,
        tls: true,
      },
      postgres: { ...connections.postgres, caCertificate: undefined, pooled: false },
      objectStore: { ...connections.objectStore, caCertificate: undefined, addressing: "virtual" as const },
    }));
    const api = environmentOf(resources, "dify-environment").all;
    expect(api).toMatchObject({
      REDIS_USE_SENTINEL: "false",
      REDIS_USE_SSL: "true",
      CELERY_BROKER_URL: "rediss://:pw-redis@redis.example.com:6380/1?ssl_cert_reqs=CERT_REQUIRED",
      EVENT_BUS_REDIS_URL: "rediss://:pw-redis@redis.example.com:6380/0",
      DB_EXTRAS: expect.stringMatching(/^sslmode=require&/) as string,
      S3_ADDRESS_STYLE: "virtual",
    });
    expect(Object.keys(api).filter((name) => name === "AWS_CA_BUNDLE")).toEqual([]);
    expect(environmentOf(resources, "plugin-daemon").all["DB_TYPE"]).toBe("postgresql");
  });
});

describe("the agents' server key", () => {
  it("is brought into the one form that is accepted", () => {
    const bytes = Buffer.alloc(32, 251);
    const accepted = bytes.toString("base64url");
    expect(accepted).toHaveLength(43);
    expect(unpaddedBase64Url(bytes.toString("base64"))).toBe(accepted);
    expect(unpaddedBase64Url(accepted)).toBe(accepted);
    expect(() => unpaddedBase64Url("c2hvcnQ=")).toThrow("has 5 bytes");
  });
});

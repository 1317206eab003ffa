import { describe, expect, it } from "vitest";
import { databaseClients } from "../../../components/dify/databaseClients.ts";
import { difySettings } from "../../../config/dify.ts";
import { difyRules } from "../../../config/rules/dify.ts";
import type { Problem } from "../../../config/rules.ts";
import type { Settings } from "../../../config/settings.ts";
import { vectorStoreSettings } from "../../../config/vectorStore.ts";

const problems = (given: Parameters<typeof difySettings.parse>[0]): Problem[] =>
  difyRules.flatMap((rule) => [...rule.check({ dify: difySettings.parse(given) } as Settings)]);

describe("settings of Dify", () => {
  it("are right as they come", () => expect(problems({})).toEqual([]));

  it("name the known versions when one is unknown", () =>
    expect(JSON.stringify(difySettings.safeParse({ version: "1.2.0" }).error?.issues)).toContain("1.15.0"));

  it.each([
    ["several websocket servers of 1.15", { websocket: { replicas: 2 } }, "dify.websocket.replicas", "1.16.1, 1.17.1"],
    [
      "several plugin daemons of 1.3",
      { version: "1.3.0", pluginDaemon: { replicas: 2 } },
      "dify.pluginDaemon.replicas",
      "1.15.0",
    ],
    ["agents in 1.15", { agent: { enabled: true } }, "dify.agent.enabled", "1.16.1, 1.17.1"],
    ["a variable of ours", { extraEnvironment: { DB_HOST: "x" } }, "dify.extraEnvironment.DB_HOST", "docs/settings.md"],
    [
      "a secret in plain text",
      { extraEnvironment: { SMTP_PASSWORD: "x" } },
      "dify.extraEnvironment.SMTP_PASSWORD",
      "dify.extraSecret",
    ],
    [
      "TLS behind an Ingress",
      { gateway: { exposure: { kind: "ingress" }, tls: { endedBy: "gateway", secret: "tls" } } },
      "dify.gateway.tls.endedBy",
      "loadBalancer",
    ],
  ])("refuse %s", (_, given, path, remedy) =>
    expect(problems(given)).toEqual([
      { path, problem: expect.any(String) as string, remedy: expect.stringContaining(remedy) as string },
    ]),
  );

  it("accept in later versions what earlier ones cannot", () =>
    expect(
      problems({
        version: "1.17.1",
        websocket: { replicas: 3 },
        agent: { enabled: true },
        pluginDaemon: { replicas: 3 },
      }),
    ).toEqual([]));
});

describe("what PostgreSQL must carry", () => {
  const clients = (given: Parameters<typeof difySettings.parse>[0], kind: object = { kind: "milvus", host: "m" }) =>
    Object.fromEntries(
      databaseClients({ dify: difySettings.parse(given), vectorStore: vectorStoreSettings.parse(kind) }).map((c) => [
        c.name,
        c,
      ]),
    );

  it("counts each process twice: those that an update has told to end finish their runs first", () => {
    const { api, worker, beat } = clients({ api: { processes: 2 } });
    expect(api).toEqual({ name: "api", database: "dify", processes: 12, poolSize: 20, overflow: 10 });
    expect(worker?.processes).toBe(4);
    expect(beat?.processes).toBe(1);
  });

  it("counts the most that an autoscaler may start", () =>
    expect(clients({ worker: { replicas: { min: 2, max: 10 } } })["worker"]?.processes).toBe(20));

  it("knows which databases and services a version has", () => {
    expect(clients({ version: "1.3.0" })).not.toHaveProperty("websocket");
    expect(clients({})["plugin-daemon"]).toMatchObject({ database: "plugin", processes: 4 });
    expect(clients({ version: "1.3.0" })["plugin-daemon"]).toMatchObject({ processes: 1 });
  });

  it("counts the searches' own connections where vectors are in PostgreSQL", () => {
    const searching = clients({}, { kind: "pgvector" });
    expect(searching["searches of the api"]).toMatchObject({ processes: 6, poolSize: 0, overflow: 30 });
    expect(searching["searches of the worker"]).toMatchObject({ processes: 4, overflow: 30 });
    expect(clients({}, { kind: "weaviate" })).not.toHaveProperty("searches of the api");
  });
});

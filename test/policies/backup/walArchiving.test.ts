import { describe, expect, it } from "vitest";
import { patroniOf } from "../../../policies/read/patroni.ts";
import { Unreadable } from "../../../policies/read/values.ts";
import { archivingViolations } from "../../../policies/rules/backup/walArchiving.ts";

const archiving = { archiveMode: "on", archiveCommand: "pgbackrest --stanza=dify archive-push %p", archiveTimeout: 60 };

describe("WAL is archived within a bound", () => {
  it("accepts an archive with a short delay", () => expect(archivingViolations(archiving, 60)).toEqual([]));
  it.each([
    ["archiving that is off", { ...archiving, archiveMode: "off" }, "archive_mode"],
    ["a command that does nothing", { ...archiving, archiveCommand: "/bin/true" }, "archives nothing"],
    ["an empty command", { ...archiving, archiveCommand: "" }, "archives nothing"],
    ["no bound", { ...archiving, archiveTimeout: 0 }, "without end"],
    ["a bound that is too long", { ...archiving, archiveTimeout: 1800 }, "1800 s"],
  ])("refuses %s", (_, postgres, message) =>
    expect(archivingViolations(postgres, 60)).toEqual([expect.stringContaining(message)]),
  );
});

describe("Patroni's settings are read", () => {
  const configMap = (data: Record<string, string>) => ({
    type: "kubernetes:core/v1:ConfigMap",
    name: "postgres-config",
    inputs: { data },
  });
  const shared = `
bootstrap:
  dcs:
    synchronous_mode: quorum
    synchronous_node_count: 1
    postgresql:
      parameters: { archive_mode: true, archive_command: pgbackrest archive-push %p, archive_timeout: 1min }
`;
  const settings = {
    synchronousMode: "quorum",
    synchronousNodeCount: 1,
    archiveMode: "on",
    archiveCommand: "pgbackrest archive-push %p",
    archiveTimeout: 60,
  };

  it("out of the file that all members share", () =>
    expect(patroniOf(configMap({ "patroni.yml": shared }))).toEqual(settings));
  it("with a member's own file above it", () => {
    const own = "postgresql: { parameters: { archive_mode: 'off' } }";
    const read = patroniOf(configMap({ "0.yml": own, "dynamic.yml": shared }));
    expect(read).toEqual({ ...settings, archiveMode: "off" });
  });
  it("as off where nothing is said", () =>
    expect(patroniOf(configMap({ "patroni.yml": "bootstrap: { dcs: { ttl: 20 } }" }))).toEqual({
      synchronousMode: "off",
      synchronousNodeCount: 1,
      archiveMode: "off",
      archiveCommand: "off",
      archiveTimeout: 0,
    }));
  it("from no other ConfigMap", () => expect(patroniOf(configMap({ "squid.conf": "http_port 3128" }))).toBeUndefined());
  it("or refused as unreadable", () =>
    expect(() => patroniOf(configMap({ "patroni.yml": "bootstrap: [" }))).toThrow(Unreadable));
});

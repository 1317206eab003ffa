import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { alertmanagerYaml, forwarderConfig } from "../../../components/observability/alertmanager/config.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";
import { notices, routed } from "./noticesSample.ts";

usesDebian();

const places = {
  secrets: "/etc/alertmanager/secrets",
  forwarder: "http://notice-forwarder.dify-data.svc.cluster.local:8080",
};
const file = "/etc/alertmanager/alertmanager.yml";

const amtool = (settings: ReturnType<typeof notices>, ...args: string[]) =>
  runInDebian({ argv: ["amtool", ...args], files: { [file]: alertmanagerYaml(settings, places) } });

describe("Alertmanager's configuration", () => {
  it.each([
    ["of nobody", notices({ receivers: [], heartbeat: undefined })],
    ["of a heartbeat alone", notices({ receivers: [] })],
    ["of every kind of receiver", notices()],
  ])("%s is accepted by amtool", async (_, settings) => {
    const { exitCode, stdout, stderr } = await amtool(settings, "check-config", file);
    expect(stderr).toBe("");
    expect(stdout).toContain("SUCCESS");
    expect(exitCode).toBe(0);
  });

  it("refuses what is none", async () => {
    const { exitCode, stderr } = await runInDebian({
      argv: ["amtool", "check-config", file],
      files: { [file]: "route:\n" },
    });
    expect(exitCode).toBe(1);
    expect(stderr).not.toBe("");
  });

  it.each(routed)("sends an alert %s to whom it is for", async (_, labels, expected) => {
    const { stdout } = await amtool(notices(), "config", "routes", "test", `--config.file=${file}`, ...labels);
    expect(stdout.trim()).toBe(expected);
  });

  it("keeps signs of life from people where no service listens for them", async () => {
    const test = ["config", "routes", "test", `--config.file=${file}`, "alertname=Watchdog", "severity=info"];
    expect((await amtool(notices({ heartbeat: undefined }), ...test)).stdout.trim()).toBe("nobody");
  });

  it("repeats by severity, a ticket hardly ever, signs of life all the time", () => {
    const { route } = parse(alertmanagerYaml(notices(), places)) as {
      route: { routes: { receiver: string; matchers: string[]; repeat_interval?: string }[] };
    };
    const repeats = route.routes.map(
      ({ receiver, matchers, repeat_interval: after }) => `${receiver} ${matchers[0]}: ${after}`,
    );
    expect(repeats).toContain('oncall severity!~"warning|info|none": 3600s');
    expect(repeats).toContain('mail severity="warning": 43200s');
    expect(repeats).toContain('mail severity="info": 86400s');
    expect(repeats).toContain('tickets severity="warning": 345600s');
    expect(repeats).toContain('heartbeat alertname="Watchdog": 48s');
  });

  it("names files in place of secrets", () => {
    const text = alertmanagerYaml(notices(), places);
    for (const name of ["noticeUrl-oncall", "noticeUrl-tickets", "noticeUrl-heartbeat", "noticePassword-mail"])
      expect(text).toContain(`_file: /etc/alertmanager/secrets/${name}\n`);
    // The forwarder has those of robots.
    expect(text).not.toMatch(/notice(Url|Key)-(team|group)/);
  });

  it("tells the forwarder of robots and of nobody else", () =>
    expect(JSON.parse(forwarderConfig(notices()))).toEqual({
      robots: [
        { name: "team", kind: "dingtalk", signed: true },
        { name: "group", kind: "wecom", signed: false },
      ],
    }));
});

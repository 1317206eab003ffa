import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { usesDebian } from "../../support/debian.ts";
import { issueCertificates, loopbackNames } from "../../support/servers.ts";
import { startHook, type Hook } from "../../support/servers/hook.ts";
import { startMailServer, type MailServer } from "../../support/servers/smtp.ts";
import { post, startAlertmanager, startForwarder, type PostedAlert, type Started } from "./alertmanager.ts";
import { notices, schedule } from "./noticesSample.ts";

usesDebian();

/** What Alertmanager posts to a webhook. */
interface Notice {
  readonly version: string;
  readonly status: string;
  readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[];
}

const alert = (alertname: string, severity: string, more: Readonly<Record<string, string>> = {}): PostedAlert => ({
  labels: { alertname, severity, stack: "dify", ...more },
  annotations: { summary: `${alertname} was posted`, runbook: "lost-zone" },
});

/** Real programs, told by the rendered configuration, and what people would have at the other end. */
describe("notices", { timeout: 60_000 }, () => {
  const hooks = {} as Record<"oncall" | "tickets" | "now" | "later" | "heartbeat" | "team" | "group", Hook>;
  let mail: MailServer;
  let openMail: MailServer;
  let alertmanager: Started;
  let forwarder: Started;

  beforeAll(async () => {
    const { server } = await issueCertificates({ server: loopbackNames });
    [mail, openMail] = [await startMailServer(server), await startMailServer()];
    for (const name of ["oncall", "tickets", "now", "later", "heartbeat", "team", "group"] as const)
      hooks[name] = await startHook('{"errcode":0,"errmsg":"ok"}');
    const post = { kind: "email", to: ["team@example.com", "lead@example.com"], from: "dify@example.com" };
    const settings = notices({
      groupWait: 2,
      groupInterval: 10,
      heartbeat: { every: 30 },
      schedules: [schedule("on", true), schedule("off", false)],
      receivers: [
        { kind: "pager", name: "oncall", gets: { critical: "always" } },
        { kind: "ticket", name: "tickets", gets: { warning: "always" } },
        { kind: "ticket", name: "now", gets: { info: "on" } },
        { kind: "ticket", name: "later", gets: { info: "off" } },
        { kind: "dingtalk", name: "team", gets: { warning: "always" } },
        { kind: "wecom", name: "group", gets: { warning: "always" } },
        { ...post, name: "mail", user: "dify", smarthost: `127.0.0.1:${mail.port}`, gets: { warning: "always" } },
        { ...post, name: "open-mail", smarthost: `127.0.0.1:${openMail.port}`, gets: { warning: "always" } },
      ],
    });
    const url = (name: keyof typeof hooks, path: string) => [`noticeUrl-${name}`, `${hooks[name].url}${path}`];
    const secrets = Object.fromEntries([
      ...(["oncall", "tickets", "now", "later", "heartbeat"] as const).map((name) => url(name, `/hook/${name}-token`)),
      ["noticePassword-mail", "password-of-mail"],
    ]) as Record<string, string>;
    const ofRobots = Object.fromEntries([
      url("team", "/robot/send?access_token=token-of-team"),
      url("group", "/cgi-bin/webhook/send?key=token-of-group"),
      ["noticeKey-team", "SECabcdef0123456789"],
    ]) as Record<string, string>;
    forwarder = await startForwarder(settings, ofRobots);
    alertmanager = await startAlertmanager(settings, secrets, {
      forwarder: forwarder.url,
      authority: server.authority,
    });
    await post_(alert("Watchdog", "info"));
  }, 60_000);
  afterAll(async () => {
    await Promise.all([alertmanager.stop(), forwarder.stop()]);
    await Promise.all([...Object.values(hooks), mail, openMail].map((server) => server.stop()));
  });

  const post_ = (...alerts: readonly PostedAlert[]) => post(alertmanager.url, alerts);
  /** What a webhook has got about an alert, oldest first. */
  const got = (name: keyof typeof hooks, alertname: string): Notice[] =>
    hooks[name].calls
      .map(({ body }) => body as Notice)
      .filter(({ alerts }) => alerts.some(({ labels }) => labels["alertname"] === alertname));
  const eventually = (check: () => void, seconds = 20) => vi.waitFor(check, { timeout: seconds * 1000, interval: 100 });

  it("reach a ticket system, a robot of each kind and people by e-mail, again when it is over", async () => {
    // A robot that is asked too often says so with status 200.
    hooks.group.next.push('{"errcode":45009,"errmsg":"api freq out of limit"}');
    const posted = alert("VolumeFilling", "warning", { namespace: "dify-data", persistentvolumeclaim: "data-redis-0" });
    await post_(posted);
    await eventually(() => {
      expect(got("tickets", "VolumeFilling")).toMatchObject([{ version: "4", status: "firing" }]);
      expect(hooks.team.calls).toHaveLength(1);
      // Refused once, and tried again.
      expect(hooks.group.calls).toHaveLength(2);
      expect(mail.mails).toHaveLength(1);
    });
    expect(hooks.tickets.calls[0]?.path).toBe("/hook/tickets-token");
    expect(hooks.team.calls[0]?.path).toMatch(
      /^\/robot\/send\?access_token=token-of-team&timestamp=\d{13}&sign=[\w%]{44,}$/,
    );
    expect(hooks.team.calls[0]?.body).toMatchObject({
      msgtype: "markdown",
      markdown: { title: "FIRING 1: VolumeFilling (warning)" },
    });
    expect(hooks.group.calls[1]).toMatchObject({
      path: "/cgi-bin/webhook/send?key=token-of-group",
      body: { msgtype: "markdown", markdown: { content: expect.stringContaining("data-redis-0") as string } },
    });
    expect(mail.mails[0]).toMatchObject({
      from: "dify@example.com",
      to: ["team@example.com", "lead@example.com"],
      login: "dify:password-of-mail",
      encrypted: true,
      text: expect.stringContaining("VolumeFilling") as string,
    });

    await post_({ ...posted, endsAt: new Date().toISOString() });
    await eventually(() => {
      expect(got("tickets", "VolumeFilling").at(-1)).toMatchObject({ status: "resolved" });
      expect(hooks.team.calls.at(-1)?.body).toMatchObject({
        markdown: { title: "RESOLVED 1: VolumeFilling (warning)" },
      });
      expect(mail.mails.at(-1)?.text).toContain("[RESOLVED]");
    });
    expect(hooks.oncall.calls).toEqual([]);
  });

  it("by e-mail are kept back from a mail server without TLS", async () => {
    await eventually(() => expect(alertmanager.program.output).toMatch(/open-mail.*STARTTLS/));
    expect(openMail.mails).toEqual([]);
  });

  it("go by schedules", async () => {
    await post_(alert("PostgresRestartPending", "info", { pod: "postgres-0" }));
    await eventually(() => expect(got("now", "PostgresRestartPending")).toHaveLength(1));
    expect(hooks.later.calls).toEqual([]);
  });

  it("of a lost zone are one page, not sixty", async () => {
    const instance = (number: number, more: Readonly<Record<string, string>>) =>
      alert("InstanceNotReady", "critical", { namespace: "dify-data", pod: `pod-${number}`, ...more });
    await post_(
      alert("ZoneLost", "critical", { zone: "a" }),
      ...Array.from({ length: 30 }, (_, i) => instance(i, { zone: "a" })),
      ...Array.from({ length: 30 }, (_, i) => instance(100 + i, {})),
      alert("InstancesNotReady", "critical", { namespace: "dify", scope: "instances" }),
      instance(200, { zone: "b" }),
      alert("PostgresNoLeader", "critical", { namespace: "dify-data" }),
    );
    await eventually(() => {
      for (const name of ["ZoneLost", "InstanceNotReady", "PostgresNoLeader"])
        expect(got("oncall", name)).toHaveLength(1);
    });
    // Whatever else was grouped at the same time is out by now.
    await delay(1000);
    const pages = hooks.oncall.calls.map(({ body }) => (body as Notice).alerts.map(({ labels }) => labels));
    // Of sixty-one instances the one that the zone does not explain.
    expect(got("oncall", "InstanceNotReady")[0]?.alerts).toMatchObject([{ labels: { pod: "pod-200", zone: "b" } }]);
    expect(pages).toHaveLength(3);
  });

  it("of what is critical leave out what is less, of the same thing alone", async () => {
    const volume = (name: string, severity: string, claim: string) =>
      alert(name, severity, { topic: "volume", namespace: "dify-data", persistentvolumeclaim: claim });
    await post_(
      volume("VolumeFull", "critical", "data-postgres-0"),
      volume("VolumeFilling", "warning", "data-postgres-0"),
      volume("VolumeFilling", "warning", "data-postgres-1"),
    );
    await eventually(() => {
      expect(got("oncall", "VolumeFull")).toHaveLength(1);
      expect(got("tickets", "VolumeFilling").at(-1)?.status).toBe("firing");
    }, 30);
    expect(
      got("tickets", "VolumeFilling")
        .at(-1)
        ?.alerts.filter(({ status }) => status === "firing"),
    ).toMatchObject([{ labels: { persistentvolumeclaim: "data-postgres-1" } }]);
  });

  it("are preceded by signs of life, which nobody else gets", async () => {
    await eventually(() => expect(got("heartbeat", "Watchdog").length).toBeGreaterThanOrEqual(2), 45);
    expect(hooks.heartbeat.calls.every(({ path }) => path === "/hook/heartbeat-token")).toBe(true);
    for (const name of ["oncall", "tickets", "now"] as const) expect(got(name, "Watchdog")).toEqual([]);
  });

  it("leave no secret in a log", () => {
    const logs = alertmanager.program.output + forwarder.program.output;
    expect(logs).toContain("45009");
    expect(logs).not.toMatch(/token-of|-token|password-of|SECabc/);
  });
});

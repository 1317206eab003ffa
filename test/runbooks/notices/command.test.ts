import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { repository } from "../../../local/paths.ts";
import { startAlertmanager, type Started } from "../../components/observability/alertmanager.ts";
import { notices, schedule } from "../../components/observability/noticesSample.ts";
import { clusterTimeout, testCluster, testNamespace, type TestCluster } from "../../support/cluster.ts";
import { usesDebian } from "../../support/debian.ts";
import { forwardedService } from "../../support/podForward.ts";
import { freePort } from "../../support/servers.ts";
import { startHook, type Hook } from "../../support/servers/hook.ts";

usesDebian();

/** The command against a real Alertmanager, by its URL and through a real API server. */
describe("npm run notice", { timeout: 60_000 }, () => {
  let cluster: TestCluster;
  let namespace: string;
  let hook: Hook;
  let alertmanager: Started;
  let folder: string;
  let endForward: () => Promise<void>;

  beforeAll(async () => {
    [cluster, hook] = [await testCluster(), await startHook()];
    namespace = await testNamespace(cluster);
    folder = await mkdtemp(join(tmpdir(), "notice-"));
    const settings = notices({
      groupWait: 0,
      schedules: [schedule("off", false)],
      receivers: [
        { kind: "pager", name: "oncall", gets: { critical: "always" } },
        { kind: "ticket", name: "tickets", gets: { critical: "always", warning: "off" } },
      ],
    });
    const secrets = { "noticeUrl-oncall": `${hook.url}/oncall`, "noticeUrl-tickets": `${hook.url}/tickets` };
    alertmanager = await startAlertmanager(settings, secrets);
    const service = { namespace, service: "alertmanager-operated", port: 9093, target: alertmanager.port };
    endForward = await forwardedService(cluster, service);
  }, 2 * clusterTimeout);
  afterAll(async () => {
    await endForward();
    await Promise.all([alertmanager.stop(), hook.stop(), rm(folder, { recursive: true })]);
  });

  async function notice(args: readonly string[], outputs: Readonly<Record<string, string>> = {}) {
    const file = join(folder, "outputs.json");
    await writeFile(file, JSON.stringify({ appNamespace: "dify-prod", ...outputs }));
    return execa(process.execPath, [join(repository, "runbooks/notice.ts"), ...args, "--outputs", file], {
      env: { KUBECONFIG: cluster.kubeconfig },
      reject: false,
      stdin: "ignore",
    });
  }
  const posted = (path: string) =>
    hook.calls.filter((call) => call.path === path).map(({ body }) => body as { alerts: { labels: unknown }[] });
  const direct = () => ["--url", alertmanager.url];

  it("says to whom a test would go, and sends nothing", async () => {
    const { stdout, exitCode } = await notice(["--severity", "critical", "--dry-run", ...direct()]);
    expect(stdout).toBe("A test would go to oncall, tickets.");
    expect(exitCode).toBe(0);
    expect(await (await fetch(`${alertmanager.url}/api/v2/alerts`)).json()).toEqual([]);
    expect(hook.calls).toEqual([]);
  });

  it("sends one through the cluster that is called a test and ends by itself, and a second at once", async () => {
    const alertmanagerEndpoint = `http://alertmanager-operated.${namespace}.svc.cluster.local:9093`;
    for (const count of [1, 2]) {
      const { stdout, stderr, exitCode } = await notice(["--severity", "critical"], { alertmanagerEndpoint });
      expect(stderr).toBe("");
      expect(stdout).toBe(
        "Alertmanager took the test. It goes to oncall, tickets, and again when it is over, in 3 minutes.",
      );
      expect(exitCode).toBe(0);
      await vi.waitFor(
        () => expect([posted("/oncall"), posted("/tickets")].map((c) => c.length)).toEqual([count, count]),
        {
          timeout: 10_000,
        },
      );
    }
    expect(posted("/oncall")[0]?.alerts).toMatchObject([
      {
        labels: { alertname: "TestNotice", severity: "critical", stack: "dify-prod" },
        annotations: { summary: expect.stringMatching(/^This is a test of notices .*: nothing is wrong/) as string },
      },
    ]);
    const kept = (await (await fetch(`${alertmanager.url}/api/v2/alerts`)).json()) as { endsAt: string }[];
    expect(kept.map(({ endsAt }) => Date.parse(endsAt) - Date.now() > 0)).toEqual([true, true]);
    expect(kept.every(({ endsAt }) => Date.parse(endsAt) - Date.now() < 181_000)).toBe(true);
  });

  it("ends with 1 and sends nothing when nobody would get it", async () => {
    const before = hook.calls.length;
    const { stdout, exitCode } = await notice(["--severity", "warning", ...direct()]);
    expect(stdout).toBe(
      "Not now: tickets, as it is outside of off.\nNobody gets alerts of severity warning now; nothing is sent.",
    );
    expect(exitCode).toBe(1);
    expect(hook.calls).toHaveLength(before);
  });

  it("reaches one receiver at any hour, and no other", async () => {
    const before = posted("/oncall").length;
    const { stdout } = await notice(["--severity", "warning", "--receiver", "tickets", ...direct()]);
    expect(stdout).toContain("It goes to tickets, and");
    await vi.waitFor(
      () => expect(posted("/tickets").at(-1)?.alerts).toMatchObject([{ labels: { receiver: "tickets" } }]),
      { timeout: 10_000 },
    );
    expect(posted("/oncall")).toHaveLength(before);
  });

  it.each([
    [
      "a receiver that is not there",
      ["--severity", "info", "--receiver", "team"],
      'There is no receiver "team"; Alertmanager knows oncall, tickets, heartbeat.',
    ],
    ["another severity", ["--severity", "urgent"], "Allowed choices are critical, warning, info."],
  ])("refuses %s", async (_, args, message) => {
    const { stderr, exitCode } = await notice([...args, ...direct()]);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(1);
  });

  it("says why Alertmanager is not reached", async () => {
    expect((await notice(["--severity", "info"])).stderr).toMatch(/^The stack does not say where Alertmanager is/);
    expect((await notice(["--severity", "info", "--url", `http://127.0.0.1:${await freePort()}`])).stderr).toMatch(
      /^Alertmanager does not answer at http:\/\/127.0.0.1:\d+: connect ECONNREFUSED/,
    );
    const alertmanagerEndpoint = `http://alertmanager.${namespace}.svc.cluster.local:9093`;
    expect((await notice(["--severity", "info"], { alertmanagerEndpoint })).stderr).toMatch(
      /^Alertmanager is not reached at .*: the cluster says: services "alertmanager" not found/,
    );
  });
});

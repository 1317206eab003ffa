import { readFileSync } from "node:fs";
import { alertmanagerYaml } from "../../../components/observability/alertmanager/config.ts";
import { alertmanagerArguments } from "../../../components/observability/bundled/alertmanager.ts";
import { gossipYaml } from "../../../components/observability/bundled/gossip.ts";
import { ports } from "../../../components/observability/bundled/layout.ts";
import { places, prometheusArguments } from "../../../components/observability/bundled/prometheus.ts";
import { prometheusYaml } from "../../../components/observability/bundled/prometheusConfig.ts";
import { rulesFile } from "../../../components/observability/rules.ts";
import type { Settings } from "../../../config/settings.ts";
import { openNetwork, runInDebian, startInDebian, type RunningProgram } from "../../support/debian.ts";
import { issueCertificates } from "../../support/servers.ts";

export const domain = "dify-data.svc.cluster.local";

/** Addresses of the pods, in a network of the test's own. */
export const addresses = {
  "prometheus-0": "127.0.1.1",
  "prometheus-1": "127.0.1.2",
  "alertmanager-0": "127.0.2.1",
  "alertmanager-1": "127.0.2.2",
  "kube-state-metrics": "127.0.3.1",
} as const;

type Member = keyof typeof addresses;

/** What a cluster's DNS would say: the port of every pod behind a headless Service, and the address of each. */
const names = {
  A: Object.fromEntries(
    Object.entries(addresses).map(([pod, address]) => {
      const [, workload, index] = /^(.*?)(-\d)?$/.exec(pod) ?? [];
      return [index ? `${pod}.${workload}.${domain}` : `${pod}.${domain}`, [address]];
    }),
  ),
  SRV: Object.fromEntries(
    (["prometheus", "alertmanager"] as const).map((workload) => [
      `_http._tcp.${workload}.${domain}`,
      [0, 1].map((i) => [ports[workload], `${workload}-${i}.${workload}.${domain}`]),
    ]),
  ),
};

const script = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");

const secretsFolder = "/secrets";
const certificates = "/certificates";

/** Real Prometheus servers and Alertmanagers from the rendered files, which find each other by names as in a cluster. */
export class MonitoringPair {
  readonly running = new Map<string, RunningProgram>();
  private readonly network: Awaited<ReturnType<typeof openNetwork>>;
  private readonly settings: Settings;
  private readonly bundled: Extract<Settings["observability"], { backend: "bundled" }>;
  private readonly certificate: Readonly<Record<string, string>>;

  private constructor(
    network: Awaited<ReturnType<typeof openNetwork>>,
    settings: Settings,
    certificate: Readonly<Record<string, string>>,
  ) {
    if (settings.observability.backend !== "bundled") throw new Error("the settings have no monitoring of their own");
    this.network = network;
    this.settings = settings;
    this.bundled = settings.observability;
    this.certificate = certificate;
  }

  /** @param kubeState Folder whose file "metrics" stands for what kube-state-metrics would say. */
  static async open(settings: Settings, kubeState: string): Promise<MonitoringPair> {
    const host = `alertmanager.${domain}`;
    const { member } = await issueCertificates({ member: [host, `*.${host}`] });
    const pair = new MonitoringPair(await openNetwork(), settings, {
      [`${certificates}/ca.crt`]: member.authority,
      [`${certificates}/tls.crt`]: member.certificate,
      [`${certificates}/tls.key`]: member.key,
    });
    const start = async (name: string, argv: readonly [string, ...string[]], printed: RegExp, env = {}) =>
      pair.start(name, { argv, env, folders: { "/kube-state": kubeState } }, printed);
    await start("names", ["python3", "/names.py"], /serving names/, { NAMES: "/names.json" });
    await start("receiver", ["python3", "/receiver.py"], /receiving/, { PORT: "8080" });
    const files = ["--directory", "/kube-state", "--bind", addresses["kube-state-metrics"]];
    const web = ["python3", "-u", "-m", "http.server", `${ports.kubeStateMetrics}`, ...files] as const;
    await start("kube-state-metrics", [...web], /Serving HTTP/);
    return pair;
  }

  async start(
    name: string,
    program: Omit<Parameters<typeof startInDebian>[0], "network">,
    printed: RegExp,
  ): Promise<RunningProgram> {
    const running = startInDebian({ ...program, network: this.network, files: { ...this.files(), ...program.files } });
    this.running.set(name, running);
    await running.printed(printed);
    return running;
  }

  /** @param gossip Whether it shows the others a certificate. */
  alertmanager(name: Member, address: string = addresses[name], gossip = true): Promise<RunningProgram> {
    const rendered = alertmanagerArguments(this.bundled, "dify-data", address)
      .map((argument) => argument.replace("=:9093", `=${address}:9093`).replace("=0.0.0.0:9094", `=${address}:9094`))
      .filter((argument) => gossip || !argument.startsWith("--cluster.tls-config"));
    // Debian's name of the program.
    const argv = ["prometheus-alertmanager", ...rendered] as const;
    return this.start(`${name}${gossip ? "" : " without certificate"}`, { argv }, /Listening on|gossip settled/);
  }

  prometheus(name: Member): Promise<RunningProgram> {
    const rendered = prometheusArguments(this.bundled);
    const argv = rendered.map((argument) => argument.replace("=:9090", `=${addresses[name]}:9090`));
    return this.start(name, { argv: ["prometheus", ...argv] }, /Server is ready to receive web requests/);
  }

  /** What a program answers inside the network, as JSON. */
  async ask(name: Member, path: string): Promise<unknown> {
    const port = name.startsWith("prometheus") ? ports.prometheus : ports.alertmanager;
    const argv = ["curl", "-sfg", `http://${addresses[name]}:${port}${path}`] as const;
    const { stdout, exitCode } = await runInDebian({ argv, network: this.network });
    if (exitCode !== 0) throw new Error(`${name} does not answer ${path}`);
    return JSON.parse(stdout);
  }

  /** Bodies of what the receiver has got, oldest first. */
  get calls(): { readonly path: string; readonly body: unknown }[] {
    const lines = this.running.get("receiver")?.output.match(/(?<=^CALL ).*$/gm) ?? [];
    return lines.map((line) => JSON.parse(line) as { path: string; body: unknown });
  }

  async close(): Promise<void> {
    for (const program of this.running.values()) program.kill();
    await Promise.all([...this.running.values()].map(({ ended }) => ended));
    await this.network.close();
  }

  /** Everything that any of the programs reads. */
  files(): Record<string, string> {
    const notices = { secrets: secretsFolder, forwarder: "http://127.0.0.9:9" };
    return {
      "/names.py": script("names.py"),
      "/receiver.py": script("receiver.py"),
      "/names.json": JSON.stringify(names),
      "/etc/resolv.conf": "nameserver 127.0.0.53\n",
      "/etc/prometheus/prometheus.yml": prometheusYaml(this.settings, this.bundled, places),
      [places.rulesFile]: rulesFile(this.settings),
      [places.authorityFile]: this.certificate[`${certificates}/ca.crt`] ?? "",
      [places.kubeletsFile]: "[]",
      [`${places.account}/token`]: "token",
      "/etc/alertmanager/alertmanager.yml": alertmanagerYaml(this.settings.notices, notices),
      "/etc/alertmanager/gossip.yml": gossipYaml(certificates, `alertmanager.${domain}`),
      [`${secretsFolder}/noticeUrl-oncall`]: "http://127.0.0.9:8080/oncall",
      ...this.certificate,
    };
  }
}

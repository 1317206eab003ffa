import { readFileSync } from "node:fs";
import { alertmanagerYaml, forwarderConfig } from "../../../components/observability/alertmanager/config.ts";
import type { NoticesSettings } from "../../../config/notices.ts";
import { freePort, startServer, type Server } from "../../support/servers/server.ts";

const folder = "/etc/alertmanager";

export interface Started extends Server {
  readonly url: string;
}

/** A real Alertmanager on loopback, with the rendered configuration. @param authority PEM of who signed the mail server's certificate. */
export async function startAlertmanager(
  settings: NoticesSettings,
  secrets: Readonly<Record<string, string>>,
  { forwarder = "http://127.0.0.1:9", authority = "" } = {},
): Promise<Started> {
  const port = await freePort();
  const files = Object.entries(secrets).map(([name, value]) => [`${folder}/secrets/${name}`, value]);
  const server = await startServer(
    {
      argv: [
        "prometheus-alertmanager",
        `--config.file=${folder}/alertmanager.yml`,
        "--storage.path=/tmp/alertmanager",
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
      ],
      files: {
        ...(Object.fromEntries(files) as Record<string, string>),
        [`${folder}/alertmanager.yml`]: alertmanagerYaml(settings, { secrets: `${folder}/secrets`, forwarder }),
        [`${folder}/ca.crt`]: authority,
      },
      env: { SSL_CERT_FILE: `${folder}/ca.crt` },
    },
    port,
    /Listening on/,
  );
  return { ...server, url: `http://127.0.0.1:${port}` };
}

/** The forwarder as its pod starts it. */
export async function startForwarder(
  settings: NoticesSettings,
  secrets: Readonly<Record<string, string>>,
): Promise<Started> {
  const port = await freePort();
  const files = Object.entries(secrets).map(([name, value]) => [`/secrets/${name}`, value]);
  const script = readFileSync(new URL("../../../scripts/notices/forward.py", import.meta.url), "utf8");
  const server = await startServer(
    {
      argv: ["python3", "-B", "/scripts/forward.py"],
      files: {
        ...(Object.fromEntries(files) as Record<string, string>),
        "/scripts/forward.py": script,
        "/config/robots.json": forwarderConfig(settings),
      },
      env: { ROBOTS: "/config/robots.json", SECRETS: "/secrets", PORT: `${port}` },
    },
    port,
    /forwarding to/,
  );
  return { ...server, url: `http://127.0.0.1:${port}` };
}

/** An alert as Prometheus posts it. */
export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly endsAt?: string;
}

export async function post(alertmanager: string, alerts: readonly PostedAlert[]): Promise<void> {
  const answer = await fetch(`${alertmanager}/api/v2/alerts`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(alerts),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

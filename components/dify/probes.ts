import type { types } from "@pulumi/kubernetes";

type Probe = types.input.core.v1.Probe;
type Probes = Readonly<Record<"startupProbe" | "livenessProbe" | "readinessProbe", Probe>>;
type Check = Pick<Probe, "httpGet" | "tcpSocket">;

/**
 * Probes of a server: slow to start, quick out of the endpoints, slow to be killed. The paths ask for nothing behind the
 * process: a database that is away must not end it.
 * @param startSeconds Longest start, at 5 s a try.
 */
function probes(check: Check, startSeconds: number): Probes {
  return {
    startupProbe: { ...check, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: Math.ceil(startSeconds / 5) },
    livenessProbe: { ...check, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...check, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
  };
}

/** Static answer, which touches neither database nor Redis. First answer after 26 s, seen with three starting on 2 cores. */
export const apiProbes = probes({ httpGet: { path: "/health", port: 5001 } }, 300);

/** No health path: a page. Without the header, old versions crashed on it. */
export const webProbes = probes(
  { httpGet: { path: "/apps", port: 3000, httpHeaders: [{ name: "accept-language", value: "en" }] } },
  180,
);

export const pluginDaemonProbes = (startSeconds: number) =>
  probes({ httpGet: { path: "/health/check", port: 5002 } }, startSeconds);

export const sandboxProbes = probes({ httpGet: { path: "/health", port: 8194 } }, 180);

export const ssrfProxyProbes = probes({ tcpSocket: { port: 3128 } }, 60);

export const gatewayProbes = probes({ httpGet: { path: "/healthz", port: 8080 } }, 60);

export const agentBackendProbes = probes({ tcpSocket: { port: 5050 } }, 180);

export const agentSandboxProbes = probes({ httpGet: { path: "/healthz", port: 5004 } }, 120);

/** Where the script of these checks is mounted. */
export const celeryScripts = "/opt/dify-ha";

const celeryCheck = (check: "connected" | "alive"): Probe => ({
  exec: { command: ["sh", `${celeryScripts}/celery.sh`, check] },
  timeoutSeconds: 10,
});

/** @param quietSeconds Longer than a healthy process may do nothing. */
function aliveProbes(quietSeconds: number): Pick<Probes, "startupProbe" | "livenessProbe"> {
  return {
    startupProbe: { ...celeryCheck("alive"), periodSeconds: 5, failureThreshold: 60 },
    livenessProbe: { ...celeryCheck("alive"), periodSeconds: quietSeconds / 3, failureThreshold: 3 },
  };
}

/**
 * Probes of a worker, which serves no HTTP. `celery inspect ping` took 3.6-6.4 s and 97 MB each and fails with the broker; these
 * read /proc in milliseconds. Alive: the process does anything at all; its loop wakes every second or two, also while the broker is
 * away (seen with Celery 5.7 on gevent). Ready: connected to
 * the broker, so that a rollout waits for workers that work.
 */
export const workerProbes: Probes = {
  ...aliveProbes(180),
  readinessProbe: { ...celeryCheck("connected"), periodSeconds: 10, failureThreshold: 6 },
};

/** Probes of the scheduler, which sleeps for 300 s when nothing is due and may then hold no connection: it is ready once it runs. */
export const beatProbes = aliveProbes(480);

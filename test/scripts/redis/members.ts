import { readFileSync } from "node:fs";
import { redisSettings, type RedisSentinelSettings } from "../../../config/redis.ts";
import { proxyConfig } from "../../../components/redis/proxyConfig.ts";
import { sentinelConfig } from "../../../components/redis/sentinelConfig.ts";
import { serverConfig } from "../../../components/redis/serverConfig.ts";
import { failoverTiming } from "../../../components/redis/timing.ts";
import { openNetwork } from "../../../local/debian/network.ts";
import { runInDebian, startInDebian, type RunningProgram } from "../../support/debian.ts";

export const settings = redisSettings.parse({ maxMemory: "64Mi" }) as RedisSentinelSettings;
export const password = "password-of-the-servers";
const sentinelPassword = "password-of-the-sentinels";
const timing = failoverTiming(settings);

/** Sooner than in pods, in seconds. */
export const renewAfter = 6;

const host = (i: number) => `redis-${i}.dify-data.svc.cluster.local`;
/** A loopback address of its own in place of the member's Service. */
const address = (i: number) => `127.0.1.${10 + i}`;
const hosts = Array.from({ length: settings.members }, (_, i) => host(i));
const names = hosts.map((name, i) => `${address(i)} ${name}\n`).join("");

const script = (file: string) => readFileSync(new URL(`../../../scripts/redis/${file}`, import.meta.url), "utf8");
const scriptFiles = ["common", "start-server", "start-sentinel", "hand-over", "ready", "renew-links"].map((file) => [
  `/scripts/${file}.sh`,
  script(`${file}.sh`),
]);

/**
 * Server and Sentinel of one pod; each is started again when it ends, as the kubelet does. HUP keeps the server from starting
 * until CONT; USR1 takes its data away.
 */
const pod = `#!/bin/sh
trap 'touch /tmp/held' HUP
trap 'rm -f /tmp/held' CONT
trap 'rm -rf /data/redis' USR1
keep() {
  while :; do
    [ "$1" = /scripts/start-server.sh ] && [ -e /tmp/held ] || { sh "$1" && code=0 || code=$?; echo "$1 ended with $code"; }
    sleep 1
  done
}
keep /scripts/start-sentinel.sh & keep /scripts/start-server.sh &
while :; do wait; done
`;

/** Members as they run in pods, with the very files that the program renders, on a network of their own. */
export async function startMembers() {
  const network = await openNetwork();
  const files = {
    "/etc/hosts": `127.0.0.1 localhost\n${names}`,
    "/config/redis.conf": serverConfig(settings),
    "/config/sentinel.conf": sentinelConfig(timing),
    "/secrets/password": password,
    "/secrets/sentinel-password": sentinelPassword,
    "/data/volume": "",
    "/run/redis/.keep": "",
    "/pod.sh": pod,
    ...(Object.fromEntries(scriptFiles) as Record<string, string>),
  };
  const environment = (i: number) => ({
    MEMBERS: hosts.join(" "),
    MEMBER: `redis-${i}`,
    LISTEN: address(i),
    YIELD_FOR: `${timing.yieldFor}`,
    HAND_OVER: `${timing.handOver}`,
    RENEW_AFTER: `${renewAfter}`,
  });
  const running = new Map<number, RunningProgram>();
  /** Starts a pod on an empty volume. */
  const start = (i: number) =>
    running.set(i, startInDebian({ argv: ["sh", "/pod.sh"], files, env: environment(i), user: "999", network }));
  const proxy = startInDebian({
    argv: ["haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"],
    files: {
      "/etc/hosts": `127.0.0.1 localhost\n${names}`,
      "/etc/resolv.conf": "nameserver 127.0.0.1\n",
      "/etc/haproxy/await-master.lua": script("await-master.lua"),
      "/etc/haproxy/haproxy.cfg": proxyConfig({ members: hosts, timing, maxConnections: 100 }).replace(
        "bind :6379",
        "bind 127.0.0.1:6379",
      ),
    },
    env: { REDIS_PASSWORD: password },
    user: "99",
    network,
  });
  for (let i = 0; i < settings.members; i += 1) start(i);

  /** Runs a script of the pod, beside the pod's own processes. */
  const run = (i: number, file: string, ...args: string[]) =>
    runInDebian({ argv: ["sh", `/scripts/${file}`, ...args], files, env: environment(i), user: "999", network });
  const ask = async (secret: string, ...args: string[]) =>
    (await runInDebian({ argv: ["redis-cli", ...args], env: { REDISCLI_AUTH: secret }, network })).stdout.trim();
  const cli = (i: number, ...command: string[]) => ask(password, "-h", address(i), ...command);

  return {
    run,
    cli,
    sentinelCli: (i: number, ...command: string[]) =>
      ask(sentinelPassword, "-h", address(i), "-p", "26379", ...command),
    start,
    /** The proxy's page for probes and Prometheus. */
    proxyPage: async (path: string) =>
      (await runInDebian({ argv: ["curl", "-sf", `http://127.0.0.1:8404${path}`], network })).stdout,
    pod: (i: number) => running.get(i) as RunningProgram,
    /** As when a node dies: server and Sentinel at once, and the volume with them. */
    kill: async (i: number) => {
      running.get(i)?.kill();
      await running.get(i)?.ended;
    },
    /** Number of the only member that calls itself master. */
    master: async () => {
      const roles = await Promise.all(hosts.map((_, i) => cli(i, "role")));
      const masters = roles.flatMap((role, i) => (role.startsWith("master") ? [i] : []));
      return masters.length === 1 ? masters[0] : undefined;
    },
    writer: () =>
      startInDebian({
        argv: ["python3", "/writer.py", "127.0.0.1"],
        files: { "/writer.py": readFileSync(new URL("writer.py", import.meta.url), "utf8") },
        env: { PASSWORD: password },
        network,
        graceSeconds: 60,
      }),
    close: async () => {
      await Promise.all([proxy.stop(), ...[...running.values()].map((program) => program.stop())]);
      await network.close();
    },
  };
}

import { readFileSync } from "node:fs";
import { masterName } from "../../../components/redis/sentinelConfig.ts";
import type { Subject } from "./fault.ts";
import { podsOf, unready, type Pod } from "./kubernetes.ts";
import { enter, runInside } from "./processes.ts";
import { watchServers } from "./splitBrain.ts";
import type { Stack } from "./stack.ts";

/** Names that the program gives its workloads. */
export const redisWorkloads = { members: "redis", proxies: "redis-haproxy" } as const;

const script = readFileSync(new URL("watchRedis.py", import.meta.url), "utf8");

/** Redis as Dify meets it: keys, Celery's queue and the event bus; servers with their Sentinels, and proxies. */
export const redis: Subject = {
  writes: ["keys", "messages", "events"],
  reads: ["messagesConsumed", "eventsDelivered"],
  watch: (stack) =>
    watchServers(stack, redisWorkloads.members, (pod) =>
      enter(pod, "redis", ["python3", "-c", script, "127.0.0.1", "6379", "/secrets/password"]),
    ),
  async problems(stack) {
    const found = await Promise.all([unready(stack, Object.values(redisWorkloads)), redisProblems(stack)]);
    return found.flat();
  },
};

/** The pod whose server is the master, by its own account and with replicas that hear it. @throws when there is not exactly one. */
export async function masterPod(stack: Stack): Promise<Pod> {
  const pods = await podsOf(stack, redisWorkloads.members);
  const roles = await Promise.all(pods.map((pod) => replication(pod).catch(() => new Map<string, string>())));
  const masters = pods.filter((_, i) => roles[i]?.get("role") === "master" && roles[i].get("connected_slaves") !== "0");
  const [master] = masters;
  if (!master || masters.length > 1) throw new Error(`${masters.length} masters with replicas.`);
  return master;
}

export async function replicaPods(stack: Stack): Promise<Pod[]> {
  const master = await masterPod(stack);
  return (await podsOf(stack, redisWorkloads.members)).filter(({ name }) => name !== master.name);
}

/** What is wrong with the members: everyone follows one master, and every Sentinel sees all of them well. */
async function redisProblems(stack: Stack): Promise<string[]> {
  const pods = await podsOf(stack, redisWorkloads.members);
  const found = await Promise.all(pods.map((pod) => memberProblems(pod, pods.length)));
  const masters = new Set(found.map(({ master }) => master));
  return [
    ...found.flatMap(({ problems }) => problems),
    ...(masters.size > 1 ? ["Sentinels name different masters"] : []),
  ];
}

async function memberProblems(pod: Pod, members: number): Promise<{ master?: string; problems: string[] }> {
  try {
    const [own, known] = await Promise.all([replication(pod), watchedMaster(pod)]);
    const follows = own.get("role") === "master" ? own.get("connected_slaves") : own.get("master_link_status");
    const well = follows === "up" || follows === `${members - 1}`;
    const seen = { flags: "master", "num-slaves": `${members - 1}`, "num-other-sentinels": `${members - 1}` };
    const unlike = Object.entries(seen).filter(([field, wanted]) => known.get(field) !== wanted);
    return {
      ...(known.has("ip") && { master: known.get("ip") as string }),
      problems: [
        ...(well ? [] : [`${pod.name} is ${own.get("role")} with ${follows}`]),
        ...unlike.map(([field]) => `Sentinel of ${pod.name}: ${field} ${known.get(field)}`),
      ],
    };
  } catch (error) {
    return { problems: [String(error).split("\n")[0] ?? ""] };
  }
}

/** The time of day by a pod's server, in seconds. */
export async function serverTime(pod: Pod): Promise<number> {
  return Number((await cli(pod, "redis", "password", 6379, "time")).split("\n")[0]);
}

/** `INFO replication` of a pod's server. */
async function replication(pod: Pod): Promise<Map<string, string>> {
  const answer = await cli(pod, "redis", "password", 6379, "info replication");
  return new Map([...answer.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, field = "", value = ""]) => [field, value]));
}

/** The master as the Sentinel of a pod sees it. */
async function watchedMaster(pod: Pod): Promise<Map<string, string>> {
  const answer = await cli(pod, "sentinel", "sentinel-password", 26379, `sentinel master ${masterName}`);
  const lines = answer.split("\n");
  return new Map(lines.flatMap((field, i) => (i % 2 === 0 ? [[field, lines[i + 1] ?? ""]] : [])));
}

async function cli(pod: Pod, container: string, secret: string, port: number, command: string): Promise<string> {
  const line = `REDISCLI_AUTH=$(cat /secrets/${secret}) exec timeout 3 redis-cli -e -p ${port} ${command}`;
  return await runInside(pod, container, ["sh", "-c", line]);
}

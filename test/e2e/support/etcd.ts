import { lastingHosts, names, ports, tlsFiles } from "../../../components/postgres/layout.ts";
import { podsOf, type Pod } from "./kubernetes.ts";
import { enter, firstProcess, processesOf } from "./processes.ts";
import type { Stack } from "./stack.ts";

const container = "etcd";

interface EndpointHealth {
  readonly endpoint: string;
  readonly health: boolean;
  readonly error?: string;
}

interface EndpointStatus {
  readonly Status: {
    readonly header: { readonly member_id: number; readonly revision: number };
    readonly leader: number;
  };
}

/** What is wrong with Patroni's store: every member takes part in decisions, as one of the others sees it. */
export async function etcdProblems(stack: Stack): Promise<string[]> {
  const pods = await podsOf(stack, names.etcd);
  const asked = pods.find(({ ready }) => ready) ?? pods[0];
  if (!asked) return ["no pod of etcd"];
  const endpoints = lastingHosts("etcd", stack.postgres.etcd.members, stack.settings.cluster)
    .map((host) => `https://${host}:${ports.etcd.client}`)
    .join(",");
  try {
    // Fails when one member does, and says for each how it is.
    const { stdout } = await ctl(asked, ["--endpoints", endpoints, "endpoint", "health", "--write-out=json"]);
    const answers = JSON.parse(stdout) as EndpointHealth[];
    return answers
      .filter(({ health }) => !health)
      .map(({ endpoint, error }) => `${endpoint}: ${error ?? "not healthy"}`);
  } catch (error) {
    return [String(error).split("\n")[0] ?? ""];
  }
}

/** The member that leads, which is not the one that Postgres' leader asks. @throws when there is none. */
export async function etcdLeader(stack: Stack): Promise<Pod> {
  for (const pod of await podsOf(stack, names.etcd)) {
    const { stdout } = await ctl(pod, ["--endpoints", ownEndpoint, "endpoint", "status", "--write-out=json"]);
    // Ids are 64 bits long: numbers lose their end, but both alike.
    const [answer] = JSON.parse(stdout || "[]") as EndpointStatus[];
    if (answer && answer.Status.leader === answer.Status.header.member_id) return pod;
  }
  throw new Error("etcd has no leader.");
}

/** A megabyte under one key, until a member has ended for want of space; then what the others keep of it is thrown away. */
export async function writeUntilFull(stack: Stack, full: Pod): Promise<void> {
  const before = firstProcess(full, container);
  const other = (await podsOf(stack, names.etcd)).find(({ name }) => name !== full.name);
  if (!other) throw new Error("etcd has no other member.");
  const key = "/dify-ha-test/filler";
  const value = "x".repeat(1_000_000);
  // A segment of its log has 64 MB, and some may have been made beforehand.
  for (let megabytes = 0; firstOrNone(full) === before; megabytes++) {
    if (megabytes > 300) throw new Error(`${full.name} runs on although its volume is full.`);
    await ctl(other, ["--endpoints", ownEndpoint, "put", key], value);
  }
  await ctl(other, ["--endpoints", ownEndpoint, "del", key]);
  const { stdout } = await ctl(other, ["--endpoints", ownEndpoint, "endpoint", "status", "--write-out=json"]);
  const [answer] = JSON.parse(stdout) as EndpointStatus[];
  await ctl(other, ["--endpoints", ownEndpoint, "compaction", `${answer?.Status.header.revision ?? 0}`]);
}

function firstOrNone(pod: Pod): number | undefined {
  return processesOf(pod, container).find(({ first }) => first)?.pid;
}

const ownEndpoint = `https://127.0.0.1:${ports.etcd.client}`;

async function ctl(pod: Pod, args: readonly string[], input = "") {
  const { authority, certificate, key } = tlsFiles("/etc/etcd-tls");
  const tls = [`--cacert=${authority}`, `--cert=${certificate}`, `--key=${key}`];
  const { stdout } = await enter(
    pod,
    container,
    ["etcdctl", "--command-timeout=2s", "--dial-timeout=1s", ...tls, ...args],
    input,
  );
  return { stdout: typeof stdout === "string" ? stdout : "" };
}

import { paths, names, ports } from "../../../components/postgres/layout.ts";
import { kubectl, podsOf, type Pod } from "./kubernetes.ts";
import { enter, runInside } from "./processes.ts";
import type { Stack } from "./stack.ts";

/** A member as Patroni's REST API shows it. */
export interface PatroniMember {
  readonly name: string;
  /** leader, quorum_standby, sync_standby or replica. */
  readonly role: string;
  /** running, streaming, stopped, "start failed" and so on. */
  readonly state: string;
  readonly timeline?: number;
  /** Bytes of log that it has not yet received. */
  readonly lag?: number | "unknown";
  readonly pending_restart?: boolean;
}

export interface PatroniCluster {
  readonly members: readonly PatroniMember[];
  readonly pause?: boolean;
}

const container = "postgres";

const ask = `
import ssl, sys, urllib.request
context = ssl._create_unverified_context()
url = "https://127.0.0.1:${ports.member.patroni}" + sys.argv[1]
sys.stdout.write(urllib.request.urlopen(url, timeout=2, context=context).read().decode())
`;

/** What the members say of their cluster: the first that answers, asked inside its own pod. @throws when none does. */
export async function patroniCluster(stack: Stack): Promise<PatroniCluster> {
  const reasons: string[] = [];
  for (const pod of await podsOf(stack, names.members)) {
    try {
      return JSON.parse(await runInside(pod, container, ["python3", "-c", ask, "/cluster"])) as PatroniCluster;
    } catch (error) {
      reasons.push(String(error).split("\n").at(-1) ?? "");
    }
  }
  throw new Error(`No member of Patroni's cluster answers: ${reasons.join("; ")}`);
}

/** The pod that leads. @throws when there is none. */
export async function leaderPod(stack: Stack): Promise<Pod> {
  const { members } = await patroniCluster(stack);
  const leader = members.find(({ role, state }) => role === "leader" && state === "running");
  const pod = (await podsOf(stack, names.members)).find(({ name }) => name === leader?.name);
  if (!pod) throw new Error(`No leader: ${JSON.stringify(members)}`);
  return pod;
}

/** Pods that do not lead. */
export async function standbyPods(stack: Stack): Promise<Pod[]> {
  const leader = await leaderPod(stack);
  return (await podsOf(stack, names.members)).filter(({ name }) => name !== leader.name);
}

/**
 * What is wrong with Patroni's cluster: everyone streams from one leader, commits wait for a standby, nobody waits for a restart. What the
 * cluster says of a member may be as old as its ttl, so each is asked for itself too.
 */
export async function patroniProblems(stack: Stack): Promise<string[]> {
  const pods = await podsOf(stack, names.members);
  const silent = await Promise.all(pods.map(silenceOf));
  const cluster = await patroniCluster(stack).catch(String);
  return [
    ...silent.flat(),
    ...(typeof cluster === "string" ? [cluster] : clusterProblems(cluster, stack.postgres.members)),
  ];
}

async function silenceOf(pod: Pod): Promise<string[]> {
  try {
    // Answers 200 when Postgres runs, and a standby's replication with it.
    await runInside(pod, container, ["python3", "-c", ask, "/readiness"]);
    return [];
  } catch {
    return [`${pod.name} is not ready by its own account`];
  }
}

export function clusterProblems({ members, pause }: PatroniCluster, wanted: number): string[] {
  const leaders = members.filter(({ role, state }) => role === "leader" && state === "running");
  const standbys = members.filter(({ role }) => role !== "leader");
  const behind = standbys.filter(({ state }) => state !== "streaming");
  const synchronous = standbys.filter(({ role }) => role === "sync_standby" || role === "quorum_standby");
  const timelines = new Set(members.map(({ timeline }) => timeline));
  return [
    ...(leaders.length === 1 ? [] : [`${leaders.length} running leaders`]),
    ...(members.length === wanted ? [] : [`${members.length} of ${wanted} members`]),
    ...behind.map(({ name, state }) => `${name} is ${state}`),
    ...(synchronous.length === wanted - 1 ? [] : [`${synchronous.length} synchronous standbys`]),
    ...(timelines.size > 1 ? ["members are on different timelines"] : []),
    ...members.filter((m) => m.pending_restart).map(({ name }) => `${name} waits for a restart`),
    ...(pause ? ["Patroni is paused"] : []),
  ];
}

/** Asks Patroni to let another member lead, as one does by hand. @throws with what it says, when it does not. */
export async function switchover(stack: Stack, leader: Pod, candidate: Pod): Promise<void> {
  const ctl = ["patronictl", "-c", paths.config, "switchover", "--leader", leader.name, "--candidate", candidate.name];
  const target = [`--namespace=${stack.namespaces.data}`, leader.name, `--container=${container}`];
  const said = await kubectl(stack, "exec", ...target, "--", ...ctl, "--force");
  // It ends well either way.
  if (!/Successfully switched over/i.test(said)) throw new Error(`No switchover to ${candidate.name}: ${said}`);
}

/** Runs SQL as the superuser in a member's own pod; the rows as lines, columns parted by "|". @throws what Postgres says. */
export async function sql(pod: Pod, statement: string, database = "postgres"): Promise<string> {
  const options = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", paths.sockets, "-U", "postgres", "-d", database];
  const { exitCode, stdout, stderr } = await enter(pod, container, ["psql", ...options, "-c", statement]);
  if (exitCode !== 0) throw new Error(`${pod.name}: ${stderr}`);
  return stdout.trim();
}

import { setTimeout as delay } from "node:timers/promises";
import { names, paths } from "../../components/postgres/layout.ts";
import { Failure, type Progress } from "../../local/failure.ts";
import type { RestoreCluster } from "./cluster.ts";
import type { Executed } from "../exec.ts";
import type { Origin } from "./plan.ts";
import type { Holdings } from "./refusal.ts";
import { repositoryInfo, type RepositoryBackup } from "./repository.ts";

const container = "postgres";
const script = `${paths.scripts}/restore-member.sh`;

/** pgBackRest's number of the repository of each site. */
export const repositoryOf: Readonly<Record<Origin, string>> = { cluster: "1", offsite: "2" };

/** What a member says of itself. */
interface Member {
  readonly pod: string;
  /** Undefined when its Postgres does not answer. */
  readonly primary: boolean | undefined;
}

/** The members of a stack's Postgres, by commands in their pods. */
export class PostgresMembers {
  readonly #cluster: RestoreCluster;

  constructor(cluster: RestoreCluster) {
    this.#cluster = cluster;
  }

  run(pod: string, command: readonly string[]): Promise<Executed> {
    return this.#cluster.execute(pod, container, command);
  }

  /** SQL on a member's own socket; undefined when it does not answer. @param seconds How long it may take. */
  async ask(pod: string, sql: string, database = "postgres", seconds = 30): Promise<string | undefined> {
    const shell = `timeout ${seconds} "$BIN/psql" -XAtq -h "$SOCKETS" -U postgres -c "$1" "$2"`;
    const { code, stdout } = await this.run(pod, ["sh", "-c", shell, "psql", sql, database]);
    return code === 0 ? stdout : undefined;
  }

  /** The member that is put back, and the others: the primary, so that little has to be fetched, or the first. */
  async chosen(): Promise<{ readonly pod: string; readonly others: readonly string[]; readonly primary: boolean }> {
    const members = await this.#members();
    const primary = members.find((member) => member.primary === true);
    const pod = (primary ?? members[0])?.pod;
    if (pod === undefined)
      throw new Failure(`No pod of Postgres runs: its volumes are needed, see kubectl get pods -l ${names.members}.`);
    return {
      pod,
      others: members.map((each) => each.pod).filter((each) => each !== pod),
      primary: primary !== undefined,
    };
  }

  async #members(): Promise<Member[]> {
    const pods = await this.#cluster.running(names.members, container);
    return Promise.all(
      pods.map(async (pod) => {
        const recovering = await this.ask(pod, "SELECT pg_is_in_recovery()");
        return { pod, primary: recovering === undefined ? undefined : recovering === "f" };
      }),
    );
  }

  /** Base backups of a repository, oldest first. @throws Failure when it does not answer. */
  async backups(pod: string, from: Origin): Promise<readonly RepositoryBackup[]> {
    const shell = `timeout 120 pgbackrest --stanza="$STANZA" --repo=${repositoryOf[from]} --log-level-console=off --log-level-stderr=error --output=json info`;
    const { code, stdout, stderr } = await this.run(pod, ["sh", "-c", shell]);
    const remedy = from === "cluster" ? " If the cluster's store is lost: --from offsite." : "";
    if (code !== 0) throw new Failure(`pgBackRest cannot read repository ${repositoryOf[from]}: ${stderr}.${remedy}`);
    const [stanza] = repositoryInfo.parse(JSON.parse(stdout));
    return stanza?.backup ?? [];
  }

  /** Bytes of a member's volume. */
  async volume(pod: string): Promise<number> {
    const { stdout } = await this.run(pod, ["sh", "-c", 'df -B1 --output=size "$DATA/.." | tail -n 1']);
    return Number(stdout);
  }

  async holdings(pod: string): Promise<Holdings> {
    const tables = await this.ask(pod, "SELECT count(*) FROM pg_stat_user_tables", "dify");
    if (tables === undefined) return { kind: "unknown", reason: "no primary answers" };
    return tables === "0" ? { kind: "nothing" } : { kind: "data", tables: Number(tables) };
  }

  /**
   * Puts the cluster back by way of one member, and follows how it goes: it goes on by itself when nobody does.
   * @param plan Tells this restore from others.
   */
  async restore(
    pod: string,
    plan: string,
    target: Readonly<Record<string, string>>,
    progress: Progress,
  ): Promise<void> {
    const state = await this.#state(pod);
    // Whoever was here before has begun it, and only lost sight of it.
    if (!state.running && !(state.plan === plan && state.code === "0")) {
      const pods = await this.#cluster.running(names.members, container);
      for (const other of pods.filter((each) => each !== pod)) {
        progress(`stopping Postgres in ${other}`);
        const { code, stdout, stderr } = await this.run(other, ["sh", script, "halt"]);
        if (code !== 0) throw new Failure(`${other} cannot be stopped: ${stderr || stdout}`);
      }
      const environment = Object.entries({ ...target, PLAN: plan }).map(([name, value]) => `${name}=${value}`);
      const begun = await this.run(pod, ["env", ...environment, "sh", script, "begin"]);
      if (begun.code !== 0) throw new Failure(`The restore could not be begun in ${pod}: ${begun.stderr}`);
      await delay(1000);
    }
    await this.#follow(pod, progress);
  }

  async #follow(pod: string, progress: Progress): Promise<void> {
    let told = "";
    for (let silent = 0; ; await delay(2000)) {
      const state = await this.#state(pod).catch((error: unknown) => {
        // A connection may break; that the pod is gone shows in the next.
        if (++silent > 15) throw error;
        return undefined;
      });
      if (!state) continue;
      silent = 0;
      if (state.last && state.last !== told) progress((told = state.last));
      if (state.running) continue;
      if (state.code === "0") return;
      throw new Failure(
        `Postgres could not be put back in ${pod} (${state.code}):\n${state.log.replaceAll(/^/gm, "  ")}\nAll of it: kubectl -n ${this.#cluster.namespaces.data} exec ${pod} -c ${container} -- cat /tmp/restore/log`,
      );
    }
  }

  async #state(pod: string) {
    const { stdout } = await this.run(pod, ["sh", script, "state"]);
    const lines = stdout.split("\n");
    const [, word = "", code = "killed", plan] = (lines.pop() ?? "").split(" ");
    const own = lines.findLast((line) => line.startsWith("restore-member: "));
    return {
      running: word === "running",
      code,
      plan,
      last: own?.replace("restore-member: ", ""),
      log: lines.join("\n"),
    };
  }
}

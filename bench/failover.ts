import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { interruption, goOnUnlessInterrupted, stopInOrder } from "../local/interrupt.ts";
import { withStack } from "../local/tests/stack.ts";
import { deploy, type Change } from "../test/e2e/support/change.ts";
import { endure, type Fault } from "../test/e2e/support/fault.ts";
import type { Figures } from "../test/e2e/support/figures.ts";
import { powerCut } from "../test/e2e/support/nodes.ts";
import { leaderPod } from "../test/e2e/support/patroni.ts";
import { postgres } from "../test/e2e/support/postgres.ts";
import { killContainer, killProcesses } from "../test/e2e/support/processes.ts";
import { masterPod, redis } from "../test/e2e/support/redis.ts";
import { runningStack, type Stack } from "../test/e2e/support/stack.ts";
import { median } from "./rounds.ts";

/**
 * `make bench`: what failovers cost writers with this program's settings and with the defaults of Patroni and of Sentinel, on the same stack in the
 * same run. `--write` puts the table into docs/failover.md.
 */
const rounds = 3;
const document = fileURLToPath(new URL("../docs/failover.md", import.meta.url));

interface Contender {
  readonly name: string;
  readonly change: Change;
}

const contenders: readonly [Contender, Contender] = [
  { name: "this program", change: {} },
  {
    name: "defaults",
    change: {
      settings: {
        // Patroni's (docs/dynamic_configuration.rst): nobody replaces a lost leader before its lock ends, and a crashed one is restarted.
        "postgres.timing": { ttl: 30, loopWait: 10, retryTimeout: 10, primaryStartTimeout: 300, voter: false },
        // Sentinel's (sentinel.c, SENTINEL_DEFAULT_DOWN_AFTER).
        "redis.downAfter": 30,
      },
    },
  },
];

const faults: readonly ((stack: Stack) => Promise<Omit<Fault, "name"> & { readonly what: string }>)[] = [
  async (stack) => {
    const leader = await leaderPod(stack);
    return {
      what: "Postgres crashes on the leader",
      subject: postgres,
      inject: () => Promise.resolve(killProcesses(leader, "postgres", /\/postgres -D /)),
    };
  },
  async (stack) => {
    const { node } = await leaderPod(stack);
    return { what: "The Postgres leader's node loses power", subject: postgres, ...powerCut(stack, node) };
  },
  async (stack) => {
    const master = await masterPod(stack);
    return {
      what: "Redis' master is killed",
      subject: redis,
      inject: () => Promise.resolve(killContainer(master, "redis")),
    };
  },
  async (stack) => {
    const { node } = await masterPod(stack);
    return { what: "The Redis master's node loses power", subject: redis, ...powerCut(stack, node) };
  },
];

/** Figures by fault, then by contender. */
type Measured = Map<string, Figures[][]>;

async function measureAll(stack: Stack): Promise<Measured> {
  const measured: Measured = new Map();
  for (const [i, { name, change }] of contenders.entries()) {
    console.log(`Deploying with the settings of ${name}`);
    await deploy(stack, change);
    for (let round = 1; round <= rounds; round++)
      for (const choose of faults) {
        goOnUnlessInterrupted();
        const { what, ...fault } = await choose(stack);
        const figures = await endure(stack, { name: `${what}, ${name}, ${round} of ${rounds}`, ...fault });
        const known = measured.get(what) ?? contenders.map(() => []);
        known[i]?.push(figures);
        measured.set(what, known);
      }
  }
  return measured;
}

/** A row a fault: the median gap of each, all gaps, and what the defaults cost as a multiple of ours. */
function markdown(measured: Measured): string {
  const seconds = (value: number) => value.toFixed(1);
  const rows = [...measured].map(([what, [ours = [], theirs = []]]) => {
    const gaps = [ours, theirs].map((figures) => figures.map(({ writeGap }) => writeGap));
    const [own = Number.NaN, other = Number.NaN] = gaps.map(median);
    const lost = [ours, theirs].map((figures) => figures.reduce((sum, figure) => sum + figure.lost, 0));
    const cells = gaps.map((each) => `${seconds(median(each))} (${each.map(seconds).join(", ")})`);
    return `| ${[what, ...cells, (other / own).toFixed(1), lost.join(" / ")].join(" | ")} |`;
  });
  const head = ["What fails", "This program", "Defaults", "Ratio", "Acknowledged writes lost"];
  return [`| ${head.join(" | ")} |`, `| ${head.map(() => "---").join(" | ")} |`, ...rows].join("\n");
}

function writeDocument(table: string): void {
  const text = readFileSync(document, "utf8");
  const between = /(<!-- figures -->\n)[^]*(<!-- \/figures -->)/;
  writeFileSync(
    document,
    text.replace(between, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`),
  );
}

stopInOrder();
await withStack(async () => {
  const stack = runningStack();
  try {
    const table = markdown(await measureAll(stack));
    console.log(`\nLongest time without an acknowledged write, in seconds: median (each of ${rounds})\n\n${table}`);
    if (process.argv.includes("--write")) writeDocument(table);
  } finally {
    if (!interruption.aborted) await deploy(stack);
  }
});

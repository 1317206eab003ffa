import { databaseClients } from "../../components/dify/databaseClients.ts";
import { connectionBudget, memoryPlan, poolerMemory } from "../../components/postgres/sizing.ts";
import type { PatroniSettings } from "../postgres.ts";
import { rule, type Problem } from "../rules.ts";
import { toBytes } from "../units.ts";

/** Checks on a cluster of our own; an external server keeps its own rules. */
function patroniRule(name: string, check: (settings: PatroniSettings) => readonly Problem[]) {
  return rule(name, ["postgres"], ({ postgres }) => (postgres.backend === "patroni" ? check(postgres) : []));
}

function problem(path: string, text: string, remedy: string): Problem[] {
  return [{ path: `postgres.${path}`, problem: text, remedy }];
}

/** Checks on how PostgreSQL is set up. */
export const postgresRules = [
  patroniRule("Patroni's times fit into its ttl", ({ timing: { ttl, loopWait, retryTimeout } }) => {
    const needed = loopWait + 2 * retryTimeout;
    return needed <= ttl
      ? []
      : problem(
          "timing.ttl",
          `${ttl} s end before a round with a retry does (loopWait + 2 x retryTimeout = ${needed} s)`,
          `give at least ${needed}, or shorten the other two`,
        );
  }),
  patroniRule("a leader is voted out only when commits are synchronous", ({ synchronous, timing }) =>
    timing.voter && synchronous === "off"
      ? problem(
          "timing.voter",
          "a leader that is alive but cut off would go on acknowledging writes that the next one does not have",
          'set synchronous to "quorum" or "on", or voter to false',
        )
      : [],
  ),
  patroniRule("a vote comes before the lock ends by itself", ({ timing: { voter, unreachable, ttl } }) =>
    voter && unreachable >= ttl / 2
      ? problem(
          "timing.unreachable",
          `${unreachable} s are no gain over the ttl of ${ttl} s`,
          `give less than ${ttl / 2}, or set voter to false`,
        )
      : [],
  ),
  patroniRule("commits survive the loss of a member", ({ members, synchronous, synchronousStandbys }) =>
    synchronous !== "off" && synchronousStandbys > members - 2
      ? problem(
          "synchronousStandbys",
          `${synchronousStandbys} of ${members - 1} standbys leave none to spare: the loss of one stops writes or their protection`,
          `give at most ${members - 2}, or more members`,
        )
      : [],
  ),
  patroniRule("memory is enough for the connections", (postgres) => {
    const { sharedBuffers, connections, spare } = memoryPlan(postgres);
    return spare >= 0
      ? []
      : problem(
          "resources.memory",
          `${postgres.resources.memory} are ${Math.ceil(-spare)} MiB short: ${sharedBuffers} MiB of shared buffers, ${connections} MiB for ${postgres.maxConnections} connections, and the rest`,
          "give more memory, or fewer maxConnections",
        );
  }),
  patroniRule("the poolers' connections fit into the primary's", (postgres) => {
    const { fromPoolers, reserved, spare } = connectionBudget(postgres, []);
    return spare >= 0
      ? []
      : problem(
          "maxConnections",
          `${postgres.maxConnections} are ${-spare} short: ${fromPoolers} for ${postgres.pooler.replicas} poolers and those that replace them, ${reserved} kept for Patroni, jobs and people`,
          `give at least ${postgres.maxConnections - spare}, or smaller pooler.pools`,
        );
  }),
  rule(
    "one pooler can carry all of Dify's connections",
    ["postgres", "dify", "vectorStore"],
    ({ postgres, ...clients }) => {
      if (postgres.backend === "external") return [];
      const budget = connectionBudget(postgres, databaseClients(clients));
      const needed = poolerMemory(budget);
      return toBytes(postgres.pooler.resources.memory) >= needed * 2 ** 20
        ? []
        : problem(
            "pooler.resources.memory",
            `${postgres.pooler.resources.memory} are too little for ${budget.clientsPerPooler} clients, which one pooler has when the others are gone`,
            `give at least ${needed}Mi, or Dify's processes smaller pools`,
          );
    },
  ),
];

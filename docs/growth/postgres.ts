import { databaseClients, most } from "../../components/dify/databaseClients.ts";
import { ports } from "../../components/postgres/layout.ts";
import {
  connectionBudget,
  connectionsOf,
  logShares,
  memoryPlan,
  poolerMemory,
  type ConnectionBudget,
  type DatabaseClient,
} from "../../components/postgres/sizing.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { Settings } from "../../config/settings.ts";
import { toBytes } from "../../config/units.ts";
import type { Assumptions } from "./assumptions.ts";
import { figure, size, type Limit } from "./limit.ts";

type ClientSettings = Pick<Settings, "dify" | "vectorStore">;

const page = 8192;

/** The largest whole number for which `fits`, which holds for all below it; -1 when it does not hold for 0. */
export function largest(fits: (n: number) => boolean, most = 2 ** 20): number {
  let [low, high] = [-1, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** How many connections of Dify, and what they share. */
export interface Connections {
  readonly budget: ConnectionBudget;
  /** Of all of Dify's processes at the height of an update. */
  readonly ofClients: number;
  /** That the last pooler left could take by its memory. */
  readonly forClients: number;
  /** Pods of the API, or workers, that may come on top of the most of now before the pooler's memory is used up. */
  readonly furtherPods: number;
  /** Transactions of Dify's database that run at once. */
  readonly transactions: number;
  /** That the primary could accept by its memory. */
  readonly byMemory: number;
}

/** The same with more pods of the API at the height of load. */
function withMoreApis({ dify, ...rest }: ClientSettings, pods: number): ClientSettings {
  return { ...rest, dify: { ...dify, api: { ...dify.api, replicas: most(dify.api.replicas) + pods } } };
}

/** Connections that one more pod of the API adds, with those of the pod that it takes the place of in an update. */
export const connectionsOfPod = (settings: ClientSettings): number =>
  connectionsOf(databaseClients(withMoreApis(settings, 1))) - connectionsOf(databaseClients(settings));

export function connections(postgres: PatroniSettings, settings: ClientSettings): Connections {
  const { pooler } = postgres;
  const clients = databaseClients(settings);
  const fits = (all: readonly DatabaseClient[]) =>
    poolerMemory(connectionBudget(postgres, all)) * 2 ** 20 <= toBytes(pooler.resources.memory);
  const free = largest((more) => fits([...clients, { name: "more", processes: more, poolSize: 1, overflow: 0 }]));
  return {
    budget: connectionBudget(postgres, clients),
    ofClients: connectionsOf(clients),
    forClients: connectionsOf(clients) + free,
    furtherPods: largest((pods) => fits(databaseClients(withMoreApis(settings, pods)))),
    transactions: pooler.replicas * pooler.pools.dify,
    byMemory: largest((maxConnections) => memoryPlan({ ...postgres, maxConnections }).spare >= 0),
  };
}

/** What is left of a member's volume for data when the archive has been away for as long as log is kept for it. In bytes. */
export function dataRoom({ storage }: Pick<PatroniSettings, "storage">): number {
  return toBytes(storage) * (1 - logShares.checkpoints - Math.max(logShares.archive, logShares.slots));
}

/** How far the database goes, whatever the size of its data. */
export function postgresLimits(settings: Settings, assumed: Assumptions): Limit[] {
  const { postgres } = settings;
  return postgres.backend === "patroni" ? ofPatroni(postgres, settings, assumed) : ofExternal(settings);
}

function ofExternal(settings: Settings): Limit[] {
  const needed = connectionsOf(databaseClients(settings));
  return [
    {
      what: "Connections to the server that is run elsewhere",
      limit: "its own",
      met: `${figure(needed)}, which all of Dify's processes open at the height of an update, when the autoscalers are at their most`,
      settings: ["postgres.backend", "dify.*.database"],
      next: "a pooler before it (`postgres.pooled`), or smaller pools in each process",
    },
  ];
}

function ofPatroni(postgres: PatroniSettings, settings: ClientSettings, assumed: Assumptions): Limit[] {
  const { pooler, members, maxConnections } = postgres;
  const { budget, ofClients, forClients, furtherPods, transactions, byMemory } = connections(postgres, settings);
  const { api } = settings.dify;
  const ofProcess = api.database.size + api.database.overflow;
  const aSecond = (connections: number) => figure(connections / (assumed.transactionMs / 1000));
  const perPooler = budget.fromPoolers / (2 * pooler.replicas);
  const morePools = Math.floor((byMemory - budget.reserved) / perPooler / 2);
  const cache = memoryPlan(postgres).effectiveCacheSize * 2 ** 20;
  return [
    {
      what: "Transactions of Dify at once: the poolers' pools",
      limit: `${pooler.replicas} poolers x ${pooler.pools.dify} = ${transactions}`,
      met: `${figure(transactions / ofProcess)} API or worker processes that have all of their ${ofProcess} connections in a transaction; ${aSecond(transactions)} transactions a second of ${assumed.transactionMs} ms, ${aSecond(transactions - pooler.pools.dify)} with a pooler lost. Further ones wait`,
      settings: ["postgres.pooler.pools.dify", "postgres.pooler.replicas"],
      next: `larger pools with a higher \`maxConnections\`: shorter transactions first, as more than the processors can do at once only wait elsewhere (\`postgres.resources.cpu\` asks for ${postgres.resources.cpu})`,
    },
    {
      what: "Connections of Dify's processes to the poolers",
      limit: `${figure(forClients)} to the last pooler left, by its ${pooler.resources.memory}`,
      met: `${figure(ofClients)} are opened at most now, at the height of an update; ${figure(furtherPods)} more pods of the API fill it, with ${connectionsOfPod(settings)} each (twice its own, as an update has its predecessor beside it)`,
      settings: ["postgres.pooler.resources.memory", "dify.*.database", "dify.*.replicas.max"],
      next: "more memory for the poolers; the settings are refused before it is too little",
    },
    {
      what: "Connections to the primary",
      limit: `${maxConnections} = ${budget.fromPoolers} for poolers and those that replace them + ${budget.reserved} kept + ${budget.spare} to spare`,
      met: `${pooler.replicas + Math.floor(budget.spare / (2 * perPooler)) + 1} poolers, or pools larger by ${Math.floor(budget.spare / (2 * pooler.replicas)) + 1}: the settings are refused`,
      settings: ["postgres.maxConnections"],
      next: `up to ${figure(byMemory)} by the ${postgres.resources.memory} of a member, which are ${figure(morePools)} poolers of this size; then more memory`,
    },
    {
      what: "Data that are read from memory",
      limit: `${size(cache)} of cache in ${postgres.resources.memory}`,
      met: `what is read again and again is more than ${size(cache)}: the rest is read at ${figure(assumed.volumeIops)} pages of 8 KiB a second, ${figure((assumed.volumeIops * page) / 1e6)} MB/s`,
      settings: ["postgres.resources.memory", "cluster.storageClass"],
      next: "more memory; then volumes with more operations a second",
    },
    {
      what: "Commits",
      limit: `${figure(assumed.volumeIops)} flushes a second of the log, on the primary and on ${postgres.synchronous === "off" ? "no standby" : `${postgres.synchronousStandbys} standby`}`,
      met: `${figure(assumed.volumeIops)} commits a second if each is flushed alone; those that come together share a flush`,
      settings: ["cluster.storageClass", "postgres.synchronousStandbys"],
      next: "volumes with more operations a second",
    },
    {
      what: "A member's volume",
      limit: `${postgres.storage}, of which ${size(dataRoom(postgres))} are the data's when log waits for the archive for as long as it may`,
      met: `${size(dataRoom(postgres))} of data`,
      settings: ["postgres.storage"],
      next: "grow the volumes: runbook `grow-volumes`",
    },
    {
      what: "Reads beside Dify's",
      limit: `${members - 1} standbys, behind port ${ports.proxy.standbys} of the nodes' proxies`,
      met: "Dify reads from the primary alone: it knows one address of its database. Reports of others may read from standbys",
      settings: ["postgres.members"],
      next: "up to 7 members",
    },
  ];
}

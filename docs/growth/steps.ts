import { databaseClients } from "../../components/dify/databaseClients.ts";
import { ports } from "../../components/postgres/layout.ts";
import { connectionsOf } from "../../components/postgres/sizing.ts";
import { longestGap } from "../../config/schedule.ts";
import type { Settings } from "../../config/settings.ts";
import { assumptions, lightInGlass, meshProxy, type Assumptions } from "./assumptions.ts";
import { restoreSeconds } from "./backups.ts";
import { figure, size, time } from "./limit.ts";
import { connections, dataRoom } from "./postgres.ts";
import { difyRoom } from "./processes.ts";
import { usableBytes } from "./stores.ts";

/** Something to do when what the settings can give is used up. */
export interface Step {
  readonly step: string;
  /** When it is worth it, in figures of this stack. */
  readonly when: string;
  /** What there is of it in this program. */
  readonly here: string;
  /** What it costs, and what is lost by it. */
  readonly price: string;
}

/** What to do next, in the order in which it is worth it. */
export function nextSteps(settings: Settings, assumed: Assumptions): Step[] {
  return [
    ...postgresSteps(settings, assumed),
    ...storeSteps(settings),
    region(settings, assumed),
    mesh(settings, assumed),
    ...sharding(settings, assumed),
    edge(settings, assumed),
  ];
}

function postgresSteps({ postgres, ...settings }: Settings, assumed: Assumptions): Step[] {
  if (postgres.backend !== "patroni") return [];
  const all = figure(connectionsOf(databaseClients(settings)));
  return [
    {
      step: "Read replicas",
      when: `reports and exports of others take part of the ${figure(connections(postgres, settings).transactions / (assumed.transactionMs / 1000))} transactions a second`,
      here: `${postgres.members - 1} standbys behind port ${ports.proxy.standbys} of the nodes' proxies, \`postgres.members\` up to 7. Who reads there needs a flow of its own in \`components/network/flows.ts\`: there is none`,
      price: "Nothing of Dify moves: it has one address of its database and no setting for another to read from",
    },
    {
      step: "External managed Postgres",
      when: `data beyond ${size(dataRoom(postgres))} on volumes that do not grow, or nobody who runs databases`,
      here: "`postgres.backend: external`, with a pooler before it (`postgres.pooled`)",
      price: `It must take ${all} connections. Base backups, the log's archive, coordinated backups and drills end: those of the provider take their place, and no record names one instant of everything.`,
    },
  ];
}

function storeSteps({ redis, objectStore, cluster }: Settings): Step[] {
  return [
    ...(redis.backend === "sentinel"
      ? [
          {
            step: "Larger Redis",
            when: `its memory stays above half of ${redis.maxMemory}: a queue that stands still then has the other half`,
            here: "`redis.maxMemory`, with memory and volume; or `redis.backend: external`",
            price:
              "Redis Cluster is no step: Dify's broker and event bus speak to one master, and Celery's queues are one key each. A restart of a server takes longer, as it loads all of its data",
          },
        ]
      : []),
    ...(objectStore.backend === "minio"
      ? [
          {
            step: "MinIO: larger drives, then pools",
            when: `${size(usableBytes(objectStore, cluster.zones.length) * 0.8)} are used, four fifths`,
            here: "larger drives: runbook `grow-volumes`. Pools: not in the settings; servers and drives of the one pool are fixed once there are data. `objectStore.backend: s3` for buckets elsewhere",
            price: `A second pool of ${objectStore.servers} servers, spread as the first is, would add ${size(usableBytes(objectStore, cluster.zones.length))}; what is there stays where it is until \`mc admin rebalance\``,
          },
        ]
      : []),
  ];
}

/** Milliseconds of the way to another region and back, by the speed of light in glass: networks take longer. */
export const roundTrip = ({ distanceKm }: Pick<Assumptions, "distanceKm">): number => (2 * distanceKm) / lightInGlass;

function region({ postgres, backup, offsite, ...settings }: Settings, assumed: Assumptions): Step {
  const way = roundTrip(assumed);
  const rate = (milliseconds: number) =>
    postgres.backend === "patroni"
      ? figure((connections(postgres, settings).transactions * 1000) / milliseconds)
      : undefined;
  const [now, then] = [rate(assumed.transactionMs), rate(assumed.transactionMs + way)];
  const logHours = longestGap(backup.postgres.offsiteFull, backup.postgres.offsiteIncremental);
  const back = restoreSeconds({ gigabits: assumed.uplinkGbit, logHours }, assumed, 100e9);
  return {
    step: "More regions",
    when: `the loss of a region must cost less than a restore elsewhere${postgres.backend === "patroni" ? `: of 100 GB of Postgres ${time(back)} from ${offsite.backend === "none" ? "a second site, which this stack has not" : "the second site"}, and what was written in the last minute` : ""}`,
    here: "zones of one region (`cluster.zones`), and a second site for backups (`offsite`). Clusters in two regions: not in this program",
    price: `A commit that waits for a standby ${figure(assumed.distanceKm)} km away waits ${figure(way)} ms more at least${now ? `, and keeps its connection: ${then} transactions a second in place of ${now}` : ""}; one that does not wait can be lost`,
  };
}

function mesh(settings: Settings, assumed: Assumptions): Step {
  const { pods } = difyRoom(settings, "most");
  const load = assumed.meshRequests / assumptions.meshRequests.value;
  return {
    step: "Service mesh (Istio)",
    when: "requests between Dify's own pods must be encrypted and tied to identities, as they are plain HTTP; or routes must be split by share",
    here: "TLS to every data service by the stack's own authority, and network policies that let through the table of flows and nothing else. `network.mesh: istio`: [mesh.md](mesh.md); none was run",
    price: `${pods} proxies at the most: ${figure(pods * meshProxy.cores * load)} processors and ${size(pods * meshProxy.megabytes * 1e6)} at ${figure(assumed.meshRequests)} requests a second through each. Istio, its CNI plugin and its upgrades are one more thing that every request depends on`,
  };
}

function sharding({ postgres }: Settings, assumed: Assumptions): Step[] {
  if (postgres.backend !== "patroni") return [];
  return [
    {
      step: "Sharding, or a distributed SQL store",
      when: `one primary is not enough after all of the above: ${figure(assumed.replay)} MB of log a second, beyond which a standby falls behind, or more connections than its memory carries`,
      here: "not there, and not planned. Two stacks for two groups of tenants are what comes nearest: nothing is shared between them (`cluster.prefix`)",
      price:
        "Dify has one database and no key by which it could be split. Its other databases (`DB_TYPE` of mysql, oceanbase, seekdb) have none of what this program proves: voters, archive, restore points, pooled pauses, drills. They would begin anew",
    },
  ];
}

function edge({ backup }: Settings, { uplinkGbit }: Assumptions): Step {
  const { sites } = backup.edge;
  const limits = sites.map(({ name, upload, schedule }) => {
    const bytes = (upload === 0 ? uplinkGbit * 125e6 : upload * 1024) * longestGap(schedule) * 3600;
    return `${name}: ${size(bytes)} changed between two runs`;
  });
  const example = 1024 * 1024 * 3600;
  return {
    step: "Edge nodes",
    when: "files arise where the line is too thin or too often down for the central buckets",
    here: `backups of their volumes (\`backup.edge.sites\`), ${sites.length} sites now${limits.length > 0 ? ` (${limits.join("; ")})` : `: one with \`upload\` 1024 (KiB/s) carries ${size(example)} that changed in an hour`}`,
    price:
      "Dify itself does not run there: API and workers want one database and one Redis within milliseconds. Each site is a bucket, a user and a job of its own",
  };
}

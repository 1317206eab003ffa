import { longestGap } from "../../config/schedule.ts";
import { noncurrentDays } from "../../components/objectStore/buckets.ts";
import { logShares } from "../../components/postgres/sizing.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { Settings } from "../../config/settings.ts";
import { toBytes } from "../../config/units.ts";
import { measured, type Assumptions } from "./assumptions.ts";
import { bandwidth, size, time, type BySize } from "./limit.ts";
import { dataRoom } from "./postgres.ts";

/** Sizes of the database that the table has, in bytes. */
export const databaseSizes = [100e9, 1e12, 5e12] as const;

/** Rates at which log is written, in bytes a second. */
export const logRates = [0.1e6, 1e6, 10e6] as const;

const day = 86_400;

/** Days for which what a site got is there: until retention lets go of it, and then until its bucket does. */
interface Kept {
  readonly retention: number;
  readonly afterwards: number;
  /** Days between two full base backups. */
  readonly every: number;
}

/** What a site has of the database, in bytes. */
export interface Held {
  /** Of base backups and log that a restore may ask for. */
  readonly current: number;
  /** With what is locked, or can be brought back, beyond that. */
  readonly total: number;
}

function held({ retention, afterwards, every }: Kept, assumed: Assumptions, data: number): Held {
  const during = (days: number) => {
    // One that is older than all that may be asked for is kept with them.
    const fulls = Math.ceil(days / every) + 1;
    return data * (fulls * assumed.stored + days * measured.storedIncremental) + assumed.logMB * 1e6 * day * days;
  };
  return { current: during(retention), total: during(retention + afterwards) };
}

const retentionOf = ({ postgres }: Pick<Settings, "postgres">) =>
  postgres.backend === "patroni" ? postgres.archive.retentionDays : 0;

/** What the cluster's own object store has of a database of so many bytes. How long buckets elsewhere keep what was deleted is theirs: none is counted. */
export function heldInCluster(settings: Settings, assumed: Assumptions, data: number): Held {
  const { objectStore, backup, postgres } = settings;
  if (postgres.backend !== "patroni") return { current: 0, total: 0 };
  const afterwards = objectStore.backend === "minio" ? noncurrentDays(objectStore.retention.backupDays) : 0;
  const every = longestGap(backup.postgres.full) / 24;
  return held({ retention: retentionOf(settings), afterwards, every }, assumed, data);
}

/** The same of the second site. */
export function heldOffsite(settings: Settings, assumed: Assumptions, data: number): Held {
  const { offsite, backup } = settings;
  const afterwards = offsite.backend === "aws" ? noncurrentDays(offsite.lock.backupDays) : 0;
  const every = longestGap(backup.postgres.offsiteFull) / 24;
  return held({ retention: retentionOf(settings), afterwards, every }, assumed, data);
}

/** Bytes of data a second that a line carries when they are sent as a base backup stores them. */
const through = (gigabits: number, { stored }: Assumptions) => (gigabits * 125e6) / stored;

/** Bytes of data a second of what reads or writes a member's volume and sends it over a line. */
function rate(processes: number, gigabits: number, assumed: Assumptions): number {
  return Math.min(processes * 1e6, assumed.volumeMB * 1e6, through(gigabits, assumed));
}

/** Seconds until Postgres serves again, when all of its members are lost. */
export function restoreSeconds(
  site: { readonly gigabits: number; readonly logHours: number },
  assumed: Assumptions,
  data: number,
): number {
  const log = assumed.logMB * 1e6 * site.logHours * 3600;
  return (
    measured.restoreRest +
    data / rate(measured.fetch, site.gigabits, assumed) +
    log / Math.min(assumed.replay * 1e6, site.gigabits * 125e6)
  );
}

/** Where what grows with the data meets its limit; it grows evenly. 0 when it is beyond it without any. */
export function reaches(of: (data: number) => number, limit: number): number {
  const [none, terabyte] = [of(0), of(1e12)];
  return Math.max(0, ((limit - none) / (terabyte - none)) * 1e12);
}

const hour = 3600;

/** The goal of a restore, in seconds. */
const restoreGoal = hour;

/** What grows with the size of the database. */
export function bySize(settings: Settings, assumed: Assumptions, usable: number | undefined): BySize[] {
  const { postgres } = settings;
  return postgres.backend === "patroni"
    ? [...ofCluster(postgres, settings, assumed, usable), ...ofSecondSite(settings, assumed)]
    : [];
}

interface Grows {
  readonly what: string;
  readonly of: (data: number) => number;
  readonly as: (value: number) => string;
  readonly limit?: { readonly value: number; readonly text: string } | undefined;
  readonly settings: readonly string[];
}

function row({ what, of, as, limit, settings }: Grows): BySize {
  const over = (value: number) => limit !== undefined && value > limit.value;
  return {
    what,
    figures: databaseSizes.map((data) => `${as(of(data))}${over(of(data)) ? " (over)" : ""}`),
    most: limit ? `${size(reaches(of, limit.value))}: ${limit.text}` : "",
    settings,
  };
}

function ofCluster(
  postgres: PatroniSettings,
  settings: Settings,
  assumed: Assumptions,
  usable: number | undefined,
): BySize[] {
  const base = settings.backup.postgres;
  const deadline = { value: base.deadline * hour, text: `it ends within ${base.deadline} h` };
  const between = longestGap(base.full, base.incremental);
  const network = assumed.networkGbit;
  const room = dataRoom(postgres) / toBytes(postgres.storage);
  const scratch = toBytes(base.scratch);
  return [
    {
      what: "Volume of each member, with room for log that waits for the archive",
      of: (data: number) => data / room,
      as: size,
      limit: { value: toBytes(postgres.storage), text: `\`postgres.storage\` is ${postgres.storage}` },
      settings: ["postgres.storage"],
    },
    {
      what: "Full base backup into the cluster's object store",
      of: (data: number) => data / rate(measured.fullBackup, network, assumed),
      as: time,
      limit: deadline,
      settings: ["backup.postgres.full", "backup.postgres.deadline", "postgres.archive.processes"],
    },
    {
      what: "Bandwidth that it needs to end in time",
      of: (data: number) => (data * assumed.stored) / deadline.value,
      as: bandwidth,
      settings: ["backup.postgres.deadline"],
    },
    {
      what: "Incremental one at worst: after a failover, or when every file was written to, it reads all data",
      of: (data: number) => data / rate(measured.incrementalBackup, network, assumed),
      as: time,
      limit: { value: between * hour, text: `the next one is due after ${time(between * hour)}` },
      settings: ["backup.postgres.incremental"],
    },
    {
      what: "Dump for other versions",
      of: (data: number) => data / (measured.dump * 1e6),
      as: time,
      limit: deadline,
      settings: ["backup.postgres.dump", "backup.postgres.deadline"],
    },
    {
      what: "Its volume",
      of: (data: number) => data * measured.dumped,
      as: size,
      limit: { value: scratch, text: `\`backup.postgres.scratch\` is ${base.scratch}` },
      settings: ["backup.postgres.scratch"],
    },
    {
      what: "Held in the cluster's object store by retention and lock",
      of: (data: number) => heldInCluster(settings, assumed, data).total,
      as: size,
      limit:
        usable === undefined
          ? undefined
          : { value: usable, text: `all of its ${size(usable)}, without a file of Dify's` },
      settings: ["postgres.archive.retentionDays", "objectStore.retention.backupDays", "backup.postgres.full"],
    },
    {
      what: "What the hourly check reads of it",
      of: (data: number) => heldInCluster(settings, assumed, data).current / (longestGap(base.check) * hour),
      as: bandwidth,
      limit: { value: network * 125e6, text: `${network} Gbit/s of a node` },
      settings: ["backup.postgres.check"],
    },
    {
      what: "Restore of Postgres from the cluster's object store, until it serves",
      of: (data: number) => restoreSeconds({ gigabits: network, logHours: between }, assumed, data),
      as: time,
      limit: { value: restoreGoal, text: `it serves within ${time(restoreGoal)}` },
      settings: ["postgres.archive.processes", "cluster.storageClass"],
    },
    {
      what: "Copies for its other members, while it serves",
      of: (data: number) =>
        data / Math.min(measured.copyMembers * 1e6, assumed.volumeMB * 1e6, (network * 125e6) / (postgres.members - 1)),
      as: time,
      settings: ["postgres.members"],
    },
    {
      what: "pg_restore of the dump, if it came to that",
      of: (data: number) => data / Math.min(measured.pgRestore * 1e6, assumed.volumeMB * 1e6),
      as: time,
      settings: ["backup.postgres.dump"],
    },
  ].map(row);
}

function ofSecondSite(settings: Settings, assumed: Assumptions): BySize[] {
  const { offsite, backup } = settings;
  if (offsite.backend === "none") return [];
  const base = backup.postgres;
  const deadline = { value: base.deadline * hour, text: `it ends within ${base.deadline} h` };
  const uplink = assumed.uplinkGbit;
  return [
    {
      what: "Full base backup off site",
      of: (data: number) => data / rate(measured.fullBackup, uplink, assumed),
      as: time,
      limit: deadline,
      settings: ["backup.postgres.offsiteFull", "backup.postgres.deadline"],
    },
    {
      what: "Held off site by retention and lock",
      of: (data: number) => heldOffsite(settings, assumed, data).total,
      as: size,
      settings: ["postgres.archive.retentionDays", "offsite.lock.backupDays", "backup.postgres.offsiteFull"],
    },
    {
      what: "What the hourly check downloads from there, all day",
      of: (data: number) => heldOffsite(settings, assumed, data).current / (longestGap(base.check) * hour),
      as: bandwidth,
      limit: { value: uplink * 125e6, text: `the line's ${uplink} Gbit/s` },
      settings: ["backup.postgres.check"],
    },
    {
      what: "The same in a day",
      of: (data: number) => (heldOffsite(settings, assumed, data).current * 24) / longestGap(base.check),
      as: size,
      settings: ["backup.postgres.check"],
    },
    {
      what: "Restore of Postgres from off site, until it serves",
      of: (data: number) =>
        restoreSeconds(
          { gigabits: uplink, logHours: longestGap(base.offsiteFull, base.offsiteIncremental) },
          assumed,
          data,
        ),
      as: time,
      limit: { value: restoreGoal, text: `it serves within ${time(restoreGoal)}` },
      settings: ["backup.postgres.offsiteIncremental"],
    },
  ].map(row);
}

/** What grows with the rate at which log is written. */
export function byLog(settings: Settings, assumed: Assumptions): BySize[] {
  const { postgres, backup, offsite } = settings;
  if (postgres.backend !== "patroni") return [];
  const volume = toBytes(postgres.storage);
  const sites = offsite.backend === "none" ? 1 : 2;
  const between = longestGap(backup.postgres.full, backup.postgres.incremental);
  const rows: (Omit<BySize, "figures"> & { readonly of: (rate: number) => string })[] = [
    { what: "Log in a day", of: (rate) => size(rate * day), most: "", settings: [] },
    {
      what: `Sent by the primary: to ${postgres.members - 1} standbys and ${sites === 1 ? "one site" : "two sites"}, as if the archive compressed nothing`,
      of: (rate) => bandwidth(rate * (postgres.members - 1 + sites)),
      most: `${size((assumed.networkGbit * 125e6) / (postgres.members - 1 + sites))} a second: ${assumed.networkGbit} Gbit/s of its node`,
      settings: ["postgres.members"],
    },
    {
      what: "Held of it in the cluster's object store, likewise",
      of: (rate) => {
        const { total } = heldInCluster(settings, { ...assumed, logMB: rate / 1e6 }, 0);
        return size(total);
      },
      most: "",
      settings: ["postgres.archive.retentionDays", "objectStore.retention.backupDays"],
    },
    {
      what: "The archive may be away until log is dropped, and with it the instants until the next base backup",
      of: (rate) => time((volume * logShares.archive) / rate),
      most: "",
      settings: ["postgres.storage"],
    },
    {
      what: "A standby may be away until it needs the archive to catch up",
      of: (rate) => time((volume * logShares.slots) / rate),
      most: "",
      settings: ["postgres.storage"],
    },
    {
      what: `To read again the log of ${time(between * hour)}, as a restore to the newest instant does`,
      of: (rate) => time((rate * between * hour) / (assumed.replay * 1e6)),
      most: `${size(assumed.replay * 1e6)} a second: one process reads it, also in a standby, which falls behind from there on`,
      settings: ["backup.postgres.incremental"],
    },
  ];
  return rows.map(({ of, ...rest }) => ({ ...rest, figures: logRates.map(of) }));
}

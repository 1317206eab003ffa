import type { OpenCatalogue } from "../catalogue/open.ts";
import { readRecord, type Entry } from "../catalogue/read.ts";
import type { BackupRecord } from "../catalogue/record.ts";
import { age, bytesInWords } from "./format.ts";

/** `backups show`: all that one record says. */
export function show(id: string) {
  return async ({ places }: OpenCatalogue, { json }: { readonly json: boolean }): Promise<boolean> => {
    const entry = await readRecord(places, id);
    console.log(json ? JSON.stringify(entry, undefined, 2) : entryText(entry, new Date()));
    return entry.record !== undefined;
  };
}

/** A record as a person reads it, and what its places say. */
export function entryText({ id, record, places, outvoted }: Entry, now: Date): string {
  const copies = part("Copies", [
    ...places.map((place) => [place, "agrees"] as const),
    ...outvoted.map(({ place, problem }) => [place, problem] as const),
  ]);
  if (!record) return `Backup ${id}: no copy can be believed\n\n${copies}`;
  return [`Backup ${id} of stack ${record.stack}\n${lines(summary(record, now))}`, ...details(record), copies].join(
    "\n\n",
  );
}

/** Names and values, a line each. */
type Lines = readonly (readonly [string, string])[];

const summary = ({ instant, completed, pause, difyVersion }: BackupRecord, now: Date): Lines => [
  ["instant", `${instant}, ${age(instant, now)} ago`],
  ["completed", completed],
  ["pause", `${pause} s`],
  ["Dify", difyVersion],
];

const details = ({ postgres, buckets, redis, fingerprints }: BackupRecord): string[] => [
  part("Postgres", [
    ["restore point", postgres.restorePoint],
    ["timeline", `${postgres.timeline}`],
    ["place in the log", postgres.lsn],
    ["cluster", postgres.systemIdentifier],
    ["backups", postgres.backups.join(", ")],
    ["Alembic's head", postgres.alembicHead ?? "none, before the first migration"],
  ]),
  ...buckets.map(({ bucket, count, bytes, manifest, checksum }) =>
    part(`Bucket ${bucket}`, [
      ["objects", `${count}, ${bytesInWords(bytes)}`],
      ["manifest", manifest],
      ["SHA-256", checksum],
    ]),
  ),
  ...(redis
    ? [
        part("Redis", [
          ["object", `${redis.object}, ${bytesInWords(redis.bytes)}`],
          ["SHA-256", redis.checksum],
        ]),
      ]
    : []),
  part("SHA-256 of secrets that a restore needs", Object.entries(fingerprints)),
];

const part = (title: string, entries: Lines): string => `${title}\n${lines(entries)}`;

function lines(entries: Lines): string {
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join("\n");
}

import { z } from "zod";
import { Failure, type Progress } from "../../local/failure.ts";
import type { Bucket } from "../objectStore/bucket.ts";
import { drillKinds, drillResultSchema, type DrillKind, type DrillResult } from "./result.ts";

/** Results that are read at once. */
const atOnce = 8;

/** Folder of the catalogue's bucket with the results of each kind, an object each, and with reports. */
export const archiveFolder = "drills/";

const keyPattern = /^drills\/(light|full)\/(\d{8}T\d{6}Z)\.json$/;

/** What was left of all drills. */
export interface Archive {
  /** Newest first. */
  readonly results: readonly DrillResult[];
  /** Objects that are no result, and why. */
  readonly damaged: readonly string[];
}

/**
 * Reads results of drills out of the archive.
 * @param wanted Which are read: by when they began. @default all
 * @param most Of each kind, the newest. @default all
 */
export async function readArchive(
  bucket: Bucket,
  {
    wanted = () => true,
    most = Infinity,
    progress = () => undefined,
  }: { readonly wanted?: (began: Date) => boolean; readonly most?: number; readonly progress?: Progress } = {},
): Promise<Archive> {
  const keys = await bucket.keys(archiveFolder);
  const found = keys.flatMap((key) => {
    const [, kind, id] = keyPattern.exec(key) ?? [];
    return kind !== undefined && id !== undefined && wanted(instantOf(id))
      ? [{ key, id, kind: kind as DrillKind }]
      : [];
  });
  const newest = drillKinds
    .flatMap((kind) =>
      found
        .filter((each) => each.kind === kind)
        .toSorted(byId)
        .slice(0, most),
    )
    .toSorted(byId);
  const results: DrillResult[] = [];
  const damaged: string[] = [];
  for (let i = 0; i < newest.length; i += atOnce) {
    progress(`${i} of ${newest.length} results`);
    for (const read of await Promise.all(newest.slice(i, i + atOnce).map(({ key }) => readResult(bucket, key))))
      if (typeof read === "string") damaged.push(read);
      else results.push(read);
  }
  return { results, damaged };
}

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? 1 : -1);

/** The time that an identifier stands for. */
function instantOf(id: string): Date {
  return new Date(id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

/** The result, or what is wrong with it. */
async function readResult(bucket: Bucket, key: string): Promise<DrillResult | string> {
  const text = await bucket.text(key);
  try {
    const checked = drillResultSchema.safeParse(JSON.parse(text ?? ""));
    return checked.success ? checked.data : `${key}: ${z.prettifyError(checked.error).replaceAll("\n", " ")}`;
  } catch {
    return `${key}: no JSON`;
  }
}

/** A quarter of a year, such as "2026-Q4". */
export interface Quarter {
  readonly name: string;
  readonly from: Date;
  /** No part of it any more. */
  readonly to: Date;
}

/** @throws Failure for what is no quarter. */
export function quarterOf(name: string): Quarter {
  const [, year, number] = /^(\d{4})-Q([1-4])$/.exec(name) ?? [];
  if (year === undefined) throw new Failure(`"${name}" is no quarter of a year, such as 2026-Q4.`);
  const month = (Number(number) - 1) * 3;
  return { name, from: new Date(Date.UTC(Number(year), month)), to: new Date(Date.UTC(Number(year), month + 3)) };
}

/** The quarter that an instant belongs to. */
export function quarterAt(instant: Date): Quarter {
  return quarterOf(`${instant.getUTCFullYear()}-Q${Math.floor(instant.getUTCMonth() / 3) + 1}`);
}

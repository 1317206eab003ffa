import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { recordSchema, type BackupRecord } from "./record.ts";

/** A copy of a record as it was found in one of the three places. */
export interface Copy {
  /** Such as "the backup bucket". */
  readonly place: string;
  /** The file; undefined when it is not there. */
  readonly text?: string | undefined;
  /** Why the place could not be asked. */
  readonly unreachable?: string | undefined;
}

/** A place that does not say what most say, and what is wrong there. */
export interface Dissent {
  readonly place: string;
  readonly problem: string;
}

export interface Verdict {
  /** What most copies say; undefined when none can be believed. */
  readonly record: BackupRecord | undefined;
  /** Places that say it. */
  readonly places: readonly string[];
  readonly outvoted: readonly Dissent[];
}

/**
 * The record that most of its readable copies agree on. A place that is missing, damaged or cannot be reached has no voice; when as many say
 * one thing as another, nobody is believed.
 */
export function majority(copies: readonly Copy[]): Verdict {
  const read = copies.map((copy) => ({ place: copy.place, ...readCopy(copy) }));
  const groups: { record: BackupRecord; places: string[] }[] = [];
  for (const { place, record } of read) {
    if (!record) continue;
    const group = groups.find((known) => isDeepStrictEqual(known.record, record));
    if (group) group.places.push(place);
    else groups.push({ record, places: [place] });
  }
  groups.sort((a, b) => b.places.length - a.places.length);
  const [first, second] = groups;
  const believed = first && first.places.length > (second?.places.length ?? 0) ? first : undefined;
  return {
    record: believed?.record,
    places: believed?.places ?? [],
    outvoted: read
      .filter(({ place }) => !believed?.places.includes(place))
      .map(({ place, problem }) => ({
        place,
        problem:
          problem ?? (believed ? "says something else" : "contradicts another copy, and neither has more on its side"),
      })),
  };
}

function readCopy({ text, unreachable }: Copy): { readonly record?: BackupRecord; readonly problem?: string } {
  if (unreachable !== undefined) return { problem: `cannot be asked: ${unreachable}` };
  if (text === undefined) return { problem: "has no copy" };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: "has a copy that is no JSON" };
  }
  const result = recordSchema.safeParse(json);
  if (result.success) return { record: result.data };
  return { problem: `has a damaged copy: ${z.prettifyError(result.error).replaceAll("\n", " ")}` };
}

import Table from "cli-table3";

/** Kinds of work, each with its own workers; `client/main.py` lists them. */
export type StreamName =
  /** Rows committed in Dify's database, and read there. */
  | "rows"
  | "reads"
  /** Rows committed in the plugin daemon's database. */
  | "pluginRows"
  /** Objects with their rows, and objects read. */
  | "objects"
  | "objectReads"
  /** Keys set in Redis, by Sentinel. */
  | "keys"
  /** Messages given to Celery's queue, and taken from it. */
  | "messages"
  | "messagesConsumed"
  /** Events published on the bus, and delivered to a subscriber. */
  | "events"
  | "eventsDelivered";

/** What became of one kind of work. Only whole answers count: an operation that failed may have happened or not. */
export interface StreamReport {
  readonly acknowledged: number;
  readonly errors: number;
  /** Longest time in which nothing was acknowledged, by any worker, and when it began. */
  readonly longestGapSeconds: number;
  readonly gapAt: Date;
  /** Longest that an operation took which was acknowledged in the end. */
  readonly slowestSeconds: number;
  /** Acknowledged, and gone when all was read back. Events may be missed by subscribers: that is no loss, and stands in the notes. */
  readonly lost: number;
  /** Numbers of the first that were lost, as the log in the pod has them (/tmp/operations.jsonl). */
  readonly lostItems: readonly number[];
  readonly firstErrors: readonly { readonly at: Date; readonly text: string }[];
  /** Further counts by name, such as messages that came twice. */
  readonly notes: Readonly<Record<string, number>>;
}

export interface Report {
  readonly startedAt: Date;
  /** When the last operation was begun. */
  readonly endedAt: Date;
  readonly marks: readonly { readonly label: string; readonly at: Date }[];
  readonly streams: Readonly<Record<StreamName, StreamReport>>;
}

/** How work goes on, from a time on. */
export interface Progress {
  /** None since then: not there. */
  readonly lastSuccess: Readonly<Partial<Record<StreamName, Date>>>;
  readonly acknowledged: Readonly<Record<StreamName, number>>;
  readonly longestGapSeconds: Readonly<Record<StreamName, number>>;
  readonly errors: Readonly<Record<StreamName, number>>;
}

const timeNames = new Set(["startedAt", "endedAt", "gapAt", "at"]);

/** Reads what the client has answered, whose times are seconds since 1970. */
export function parseReport(json: string): Report {
  return JSON.parse(json, (name, value: unknown) =>
    timeNames.has(name) && typeof value === "number" ? dateOf(value) : value,
  ) as Report;
}

type Live = Record<
  StreamName,
  { lastSuccess: number | null; acknowledged: number; longestGapSeconds: number; errors: number }
>;

export function parseProgress(json: string): Progress {
  const live = Object.entries(JSON.parse(json) as Live) as [StreamName, Live[StreamName]][];
  const each = <T>(of: (stream: Live[StreamName]) => T) =>
    Object.fromEntries(live.map(([name, stream]) => [name, of(stream)])) as Record<StreamName, T>;
  const successes = live.flatMap(([name, { lastSuccess }]) =>
    lastSuccess === null ? [] : [[name, dateOf(lastSuccess)] as const],
  );
  return {
    lastSuccess: Object.fromEntries(successes),
    acknowledged: each((stream) => stream.acknowledged),
    longestGapSeconds: each((stream) => stream.longestGapSeconds),
    errors: each((stream) => stream.errors),
  };
}

function dateOf(seconds: number): Date {
  return new Date(seconds * 1000);
}

/** A row a stream. */
export function reportTable({ streams }: Report): string {
  const table = new Table({
    head: ["", "acknowledged", "lost", "errors", "longest gap", "at", "slowest", ""],
    colAligns: ["left", "right", "right", "right", "right", "left", "right", "left"],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const [name, stream] of Object.entries(streams)) {
    const notes = Object.entries(stream.notes).filter(([, count]) => count > 0);
    table.push([
      words(name),
      stream.acknowledged,
      stream.lost,
      stream.errors,
      seconds(stream.longestGapSeconds),
      stream.gapAt.toISOString().slice(11, 19),
      seconds(stream.slowestSeconds),
      notes.map(([note, count]) => `${count} ${note}`).join(", "),
    ]);
  }
  const errors = Object.entries(streams).flatMap(([name, { firstErrors }]) =>
    firstErrors.slice(0, 1).map(({ at, text }) => `${words(name)}: ${at.toISOString().slice(11, 19)} ${text}`),
  );
  return [table.toString(), ...errors].join("\n");
}

function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function seconds(value: number): string {
  return `${value.toFixed(value < 1 ? 2 : 1)} s`;
}

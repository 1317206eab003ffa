import { kindOf, type Resource } from "./resource.ts";
import { entries, flag, number, read, text } from "./values.ts";
import { parsed } from "./yaml.ts";

/** What of Patroni's configuration decides whether data survives. */
export interface PatroniSettings {
  readonly synchronousMode: "off" | "on" | "quorum";
  /** Standbys that a commit waits for. */
  readonly synchronousNodeCount: number;
  readonly archiveMode: string;
  readonly archiveCommand: string;
  /** Seconds after which a segment that is not full is archived; 0 is never. */
  readonly archiveTimeout: number;
}

/** Patroni's settings out of the ConfigMap that holds its files; undefined for all other resources. */
export function patroniOf(resource: Resource): PatroniSettings | undefined {
  if (kindOf(resource) !== "ConfigMap") return undefined;
  const documents = entries(resource.inputs, "data")
    .map(([name]) => name)
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => parsed(name, text(resource.inputs, "data", name) ?? ""));
  const shared = documents.map((document) => read(document, "bootstrap", "dcs")).find((dcs) => dcs !== undefined);
  return shared === undefined ? undefined : settingsOf(shared, documents);
}

function settingsOf(shared: unknown, documents: readonly unknown[]): PatroniSettings {
  const parameter = (name: string) => {
    // What a member's own file says stands above what all share.
    const own = documents.map((document) => read(document, "postgresql", "parameters", name));
    return own.find((value) => value !== undefined) ?? read(shared, "postgresql", "parameters", name);
  };
  return {
    synchronousMode: synchronousMode(shared),
    synchronousNodeCount: number(shared, "synchronous_node_count") ?? 1,
    archiveMode: word(parameter("archive_mode")),
    archiveCommand: word(parameter("archive_command")),
    archiveTimeout: seconds(parameter("archive_timeout")),
  };
}

function synchronousMode(shared: unknown): PatroniSettings["synchronousMode"] {
  const asked = flag(shared, "synchronous_mode") ?? text(shared, "synchronous_mode");
  if (asked === "quorum") return "quorum";
  return asked === true || asked === "on" || asked === "true" ? "on" : "off";
}

function word(value: unknown): string {
  if (value === true) return "on";
  return typeof value === "string" ? value.trim() : "off";
}

const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, min: 60, h: 3600, d: 86_400 };

/** A duration as PostgreSQL takes it: 60, "60", "60s", "1min"; 0 for anything else. */
function seconds(value: unknown): number {
  const [, amount, unit] = /^\s*(\d+)\s*(ms|s|min|h|d)?\s*$/.exec(String(value)) ?? [];
  return amount === undefined ? 0 : Number(amount) * (units[unit ?? "s"] ?? 1);
}

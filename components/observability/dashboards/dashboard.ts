/** A question to Prometheus. */
export interface Query {
  readonly expr: string;
  /** What a series is called; {{pod}} is filled in. */
  readonly legend: string;
}

/** Units as Grafana calls them. A share of 1 is 100 %. */
export type Unit = "short" | "bytes" | "s" | "percentunit";

/** From a value on, things are worse: warning, and then critical. Where less is worse, "below". */
export interface Limits {
  readonly warning: number;
  readonly critical: number;
  readonly worse?: "above" | "below";
}

/** A picture of some queries. */
export interface Panel {
  /** "graph": over time; "figures": as they are now; "bars": as they are now, beside each other. */
  readonly shows: "graph" | "figures" | "bars";
  readonly title: string;
  /** What it tells, and what is well. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  readonly limits?: Limits;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A page. */
export interface Dashboard {
  /** As alerts name it. */
  readonly name: "availability" | "backup";
  readonly title: string;
  readonly rows: readonly Row[];
}

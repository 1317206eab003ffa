/** One of the places in which each record lies. Every question is answered or fails with one line that says why. */
export interface Place {
  /** Such as "the catalogue bucket". */
  readonly name: string;
  /** Identifiers of the records that lie here, in no order. */
  list(): Promise<string[]>;
  /** The file of a record; undefined when it is not here. */
  read(id: string): Promise<string | undefined>;
  write(id: string, text: string): Promise<void>;
}

/** How many of so many places are a majority. */
export const majorityOf = (places: number): number => Math.floor(places / 2) + 1;

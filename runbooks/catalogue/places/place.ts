import { messageOf } from "../../../local/failure.ts";

/** One of the places in which each record lies. Every question is answered or fails with one line that says why. */
export interface Place {
  /** Such as "catalogue bucket". */
  readonly name: string;
  /** Identifiers of the records that lie here, in no order. */
  list(): Promise<string[]>;
  /** The file of a record; undefined when it is not here. */
  read(id: string): Promise<string | undefined>;
  write(id: string, text: string): Promise<void>;
  /** Also of one that is not here. */
  remove(id: string): Promise<void>;
}

/** How many of so many places are a majority. */
export const majorityOf = (places: number): number => Math.floor(places / 2) + 1;

/** How long a place may take for one answer, in seconds: what hangs has no voice. */
const patience = 30;

/** What a place said, or why it said nothing. */
export interface Answer<T> {
  readonly place: string;
  readonly value?: T;
  readonly unreachable?: string;
}

/** Asks a place, and does not wait for ever. @param seconds For questions that take several requests. */
export async function answerOf<T>(
  { name }: Pick<Place, "name">,
  question: () => Promise<T>,
  seconds = patience,
): Promise<Answer<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing heard for ${seconds} s`)), seconds * 1000);
  });
  try {
    return { place: name, value: await Promise.race([question(), late]) };
  } catch (error) {
    return { place: name, unreachable: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

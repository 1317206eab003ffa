/** Something the user can mend: shown as one line that says what is wrong and what to do, without a stack. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** The text of anything thrown, for messages; with its cause, since "fetch failed" alone says nothing. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause === undefined ? message : `${message}: ${messageOf(cause)}`;
}

/** Told what is being done, in a few words; the command line shows it beside the step that runs. */
export type Progress = (message: string) => void;

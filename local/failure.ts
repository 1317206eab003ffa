/** Something the user can mend: shown as one line that says what is wrong and what to do, without a stack. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** The text of anything thrown, for messages. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Told what is being done, in a few words; the command line shows it beside the step that runs. */
export type Progress = (message: string) => void;

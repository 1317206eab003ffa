import { InvalidArgumentError, type Command } from "commander";
import { messageOf } from "../local/failure.ts";

/** An option's value. @throws InvalidArgumentError, which commander prints */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("Give a whole number, 1 or more.");
  return value;
}

/** Runs a command to its end, and ends the process: a line says what stopped it, with exit code 1. */
export async function runCommand(command: Command): Promise<never> {
  try {
    await command.parseAsync();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
  // What never answered must not keep us.
  process.exit();
}

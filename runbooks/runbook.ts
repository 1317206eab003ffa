import { Command } from "commander";
import { messageOf } from "../local/failure.ts";
import { plainTable } from "../local/table.ts";
import { runCommand } from "./command.ts";
import { readOutputs, type OutputNames } from "./outputs.ts";
import { fill, placeholdersOf } from "./runbook/fill.ts";
import { allRunbooks, runbookOf } from "./runbook/read.ts";

interface Options {
  readonly stack?: string;
  readonly outputs?: string;
}

function list(): void {
  console.log(
    plainTable(
      ["runbook", "what it is for"],
      allRunbooks().map(({ name, title }) => [name, title]),
    ),
  );
  console.log("npm run runbook -- NAME --stack STACK prints one with the values of the stack.");
}

/** Prints a runbook. One is needed most when nothing can be asked: then its names stay as they are. */
async function print(name: string, { stack, outputs: file }: Options): Promise<void> {
  const { text } = runbookOf(name);
  const optional = placeholdersOf(text) as unknown as OutputNames["optional"];
  try {
    const values = await readOutputs({ needed: [], optional }, { stack, file });
    console.log(fill(text, { ...values, stack }));
  } catch (error) {
    console.log(fill(text, { stack }));
    console.error(`Values in <> are not filled in: ${messageOf(error)}`);
  }
}

const program = new Command("runbook")
  .description(
    "What to do when something has to be restored, moved, renewed or mended: a page each, with the stack's values in its commands.",
  )
  .argument("[name]", "of a runbook (default: list them)")
  .option("--stack <name>", "stack of Pulumi (default: the selected one)")
  .option("--outputs <file>", "outputs of the stack as JSON, in place of asking Pulumi")
  .action(async (name: string | undefined, options: Options) => (name === undefined ? list() : print(name, options)));

await runCommand(program);

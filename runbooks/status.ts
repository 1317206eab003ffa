import { Command } from "commander";
import { runCommand } from "./command.ts";
import { shown } from "./backups/shown.ts";
import { readOutputs } from "./outputs.ts";
import { gatherStatus } from "./status/gather.ts";
import { statusOutputs } from "./status/outputs.ts";
import { statusText } from "./status/text.ts";

interface Options {
  readonly stack?: string;
  readonly outputs?: string;
  readonly json?: true;
}

const program = new Command("status")
  .description(
    "What would be lost if the site burned now: of each data set and copy the newest restorable instant, the last proven restore, its lock, and what fails. " +
      "It reads the stack's outputs, reaches the cluster by KUBECONFIG, and changes nothing. Exit code 1: a bar is missed, or something could not be asked.",
  )
  .option("--stack <name>", "stack of Pulumi (default: the selected one)")
  .option("--outputs <file>", "outputs of the stack as JSON, in place of asking Pulumi")
  .option("--json", "print JSON, for programs")
  .action(async ({ stack, outputs: file, json }: Options) => {
    const outputs = await readOutputs(statusOutputs, { stack, file });
    const status = await shown("Ask the stores and the cluster", (progress) => gatherStatus(outputs, progress));
    console.log(json ? JSON.stringify(status, undefined, 2) : statusText(status));
    if (!status.good) process.exitCode = 1;
  });

await runCommand(program);

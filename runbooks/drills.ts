import { Command, InvalidArgumentError } from "commander";
import { runCommand } from "./command.ts";
import { list } from "./drills/list.ts";
import { drillOutputs, openDrills, type OpenDrills } from "./drills/open.ts";
import { report } from "./drills/report.ts";
import { run } from "./drills/run.ts";
import { readOutputs } from "./outputs.ts";

interface Options {
  readonly stack?: string;
  readonly outputs?: string;
}

/** Acts on the drills of the stack that the options name; exit code 1 when the action says that something is wrong. */
async function onDrills(command: Command, action: (drills: OpenDrills) => Promise<boolean>): Promise<void> {
  const { stack, outputs: file } = command.optsWithGlobals<Options>();
  const drills = openDrills(await readOutputs(drillOutputs, { stack, file }));
  try {
    if (!(await action(drills))) process.exitCode = 1;
  } finally {
    await drills.bucket.close();
  }
}

function count(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It must be a number above 0.");
  return Number(text);
}

const program = new Command("drills")
  .description("Restore drills of a stack. It reads the stack's outputs, and reaches the cluster by KUBECONFIG.")
  .configureHelp({ showGlobalOptions: true })
  .option("--stack <name>", "stack of Pulumi (default: the selected one)")
  .option("--outputs <file>", "outputs of the stack as JSON, in place of asking Pulumi");
program
  .command("list")
  .description("list the results of drills, newest first")
  .option("--most <number>", "of each kind", count, 30)
  .option("--json", "print JSON, for programs")
  .action(({ json = false, most }: { json?: boolean; most: number }, command: Command) =>
    onDrills(command, (drills) => list(drills, { json, most })),
  );
program
  .command("run")
  .argument("<kind>", "light or full")
  .description("run a drill now: exit code 1 if it fails")
  .action((kind: string, _, command: Command) => onDrills(command, run(kind)));
program
  .command("report")
  .description("write the report on a quarter, and archive it beside the catalogue")
  .option("--quarter <name>", "such as 2026-Q4 (default: the current one)")
  .option("--to <folder>", "where the files go", ".")
  .option("--local", "write files only")
  .action(({ quarter, to, local = false }: { quarter?: string; to: string; local?: boolean }, command: Command) =>
    onDrills(command, (drills) => report(drills, { quarter, to, local })),
  );

await runCommand(program);

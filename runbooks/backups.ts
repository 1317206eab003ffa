import { Command } from "commander";
import { runCommand, wholeNumber } from "./command.ts";
import { list } from "./backups/list.ts";
import { mend } from "./backups/mend.ts";
import { prune, type PruneOptions } from "./backups/prune.ts";
import { show } from "./backups/show.ts";
import { verify } from "./backups/verify.ts";
import { catalogueOutputs, openCatalogue, type OpenCatalogue } from "./catalogue/open.ts";
import { readOutputs } from "./outputs.ts";

interface Options {
  readonly stack?: string;
  readonly outputs?: string;
  readonly json?: true;
}

/** What a command prints; false when it has found what must be mended. */
type Action<More> = (catalogue: OpenCatalogue, options: { readonly json: boolean } & More) => Promise<boolean>;

/** Runs a command on the catalogue of the stack that the options name. @typeParam More Options of that command alone. */
async function onCatalogue<More = unknown>(command: Command, action: Action<More>): Promise<void> {
  const { stack, outputs: file, json = false, ...more } = command.optsWithGlobals<Options & More>();
  const catalogue = openCatalogue(await readOutputs(catalogueOutputs, { stack, file }));
  try {
    if (!(await action(catalogue, { json, ...(more as More) }))) process.exitCode = 1;
  } finally {
    await catalogue.close();
  }
}

const program = new Command("backups")
  .description(
    "The catalogue of a stack's backups. It reads the stack's outputs, and reaches the cluster by KUBECONFIG.",
  )
  .configureHelp({ showGlobalOptions: true })
  .option("--stack <name>", "stack of Pulumi (default: the selected one)")
  .option("--outputs <file>", "outputs of the stack as JSON, in place of asking Pulumi")
  .option("--json", "print JSON, for programs");
program
  .command("list")
  .description("list the backups, newest first")
  .action((_, command: Command) => onCatalogue(command, list));
program
  .command("show")
  .argument("<id>", "of a backup, or latest")
  .description("show what a backup's record says, and which copies agree")
  .action((id: string, _, command: Command) => onCatalogue(command, show(id)));
program
  .command("verify")
  .argument("[id]", "of a backup", "latest")
  .description("look whether all is there that a restore would need: exit code 1 if not")
  .action((id: string, _, command: Command) => onCatalogue(command, verify(id)));
program
  .command("mend")
  .argument("[id]", "of a backup", "latest")
  .description("write a backup's record, as most places have it, wherever it is missing or damaged")
  .option("--dry-run", "only say where it would be written")
  .action((id: string, _, command: Command) => onCatalogue(command, mend(id)));
program
  .command("prune")
  .description("remove old records from every place; never those of the newest backup that is whole")
  .option("--days <n>", "keep whatever is younger", wholeNumber, 90)
  .option("--at-least <n>", "keep so many of the newest, whatever their age", wholeNumber, 7)
  .option("--dry-run", "only say which would go")
  .action((_, command: Command) => onCatalogue<Omit<PruneOptions, "json">>(command, prune));

await runCommand(program);

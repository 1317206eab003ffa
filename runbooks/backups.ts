import { Command } from "commander";
import { messageOf } from "../local/failure.ts";
import { list } from "./backups/list.ts";
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
type Action = (catalogue: OpenCatalogue, options: { readonly json: boolean }) => Promise<boolean>;

/** Runs a command on the catalogue of the stack that the options name. */
async function onCatalogue(command: Command, action: Action): Promise<void> {
  const { stack, outputs: file, json = false } = command.optsWithGlobals<Options>();
  const catalogue = openCatalogue(await readOutputs(catalogueOutputs, { stack, file }));
  try {
    if (!(await action(catalogue, { json }))) process.exitCode = 1;
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

try {
  await program.parseAsync();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
// A place that never answered must not keep us.
process.exit();

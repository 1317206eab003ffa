import { resolve } from "node:path";
import { Command } from "commander";
import { messageOf } from "../local/failure.ts";
import { writeRendering } from "./folder.ts";
import { rendering } from "./manifests.ts";
import { declareStack } from "./program.ts";

interface Options {
  readonly stack: string;
  readonly out: string;
  readonly secrets: boolean;
  readonly force: boolean;
}

async function render({ stack, out, secrets, force }: Options): Promise<void> {
  const rendered = rendering(await declareStack(stack), { secrets });
  await writeRendering(resolve(out), stack, rendered, { force });
  const left = rendered.secrets.length > 0 ? `; ${rendered.secrets.length} Secrets are left out` : "";
  console.log(
    `${rendered.manifests.length} objects of stack ${stack} are in ${out}${left}. RENDERED.md there says more.`,
  );
}

const program = new Command("render")
  .description(
    "Write what a stack asks of the cluster as plain manifests, for review, linters and GitOps. Neither Pulumi nor a cluster is asked.",
  )
  .requiredOption("--stack <name>", "stack that has a Pulumi.<name>.yaml, such as prod")
  .requiredOption("--out <folder>", "where to write; what an earlier rendering left there goes")
  .option("--secrets", "write Secrets too, with stand-ins for what is generated or encrypted", false)
  .option("--force", "write into a folder that holds files of others, and over those in the way", false)
  .action(render);

try {
  await program.parseAsync();
} catch (error) {
  console.error(messageOf(error));
  // At once: of a program that broke off, Pulumi's library has more to say.
  process.exit(1);
}

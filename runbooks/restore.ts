import { Command, InvalidArgumentError, Option } from "commander";
import { Failure } from "../local/failure.ts";
import { runSteps } from "../local/steps.ts";
import { runCommand, wholeNumber } from "./command.ts";
import { readOutputs } from "./outputs.ts";
import { described, Execution } from "./restore/execute.ts";
import { openRestoration, restoreOutputs, type Restoration } from "./restore/open.ts";
import { dataParts, origins, parts, remaining, type Origin, type Part, type Plan } from "./restore/plan.ts";
import { readPlan } from "./restore/planStore.ts";
import { Preparation, type Request } from "./restore/prepare.ts";
import { inWords, wantedTarget } from "./restore/target.ts";
import { Verification } from "./restore/verify.ts";

interface Options {
  readonly stack?: string;
  readonly outputs?: string;
  readonly to?: string;
  readonly from: Origin;
  readonly only?: readonly Part[];
  readonly timeline?: number;
  readonly discardNewer?: string;
  readonly withoutLastBackup?: true;
  readonly dryRun?: true;
}

/** What a command does; false when something is missing. */
type Action = (restoration: Restoration, options: Options) => Promise<boolean>;

async function onStack(command: Command, action: Action): Promise<void> {
  const options = command.optsWithGlobals<Options>();
  // What was asked for is looked at before anything else is.
  requestOf(options);
  const restoration = await openRestoration(
    await readOutputs(restoreOutputs, { stack: options.stack, file: options.outputs }),
  );
  try {
    if (!(await action(restoration, options))) process.exitCode = 1;
  } finally {
    await Promise.all([restoration.catalogue.close(), restoration.files.close()]);
  }
}

function requestOf(options: Options): Request {
  const { to = "latest", from, only = dataParts, timeline, discardNewer, withoutLastBackup, dryRun } = options;
  return {
    to: wantedTarget(to, new Date()),
    from,
    parts: only,
    ...(timeline !== undefined && { timeline }),
    ...(discardNewer !== undefined && { discardNewer }),
    ...(withoutLastBackup && { withoutLastBackup }),
    ...(dryRun && { dryRun }),
  };
}

async function prepare(restoration: Restoration, options: Options): Promise<Plan> {
  const preparation = new Preparation(restoration, requestOf(options));
  await runSteps(preparation.steps);
  if (!preparation.plan) throw new Error("no plan");
  console.log(planText(preparation.plan));
  return preparation.plan;
}

const planText = (plan: Plan): string =>
  [`Back to ${inWords(plan.target)}, from the ${plan.from} site:`, ...described(plan).map((line) => `  ${line}`)].join(
    "\n",
  );

async function kept({ cluster }: Restoration): Promise<Plan> {
  const plan = await readPlan(cluster);
  if (!plan) throw new Failure("There is no plan: run restore prepare --to TARGET first.");
  return plan;
}

async function execute(restoration: Restoration, plan: Plan, options: Options): Promise<boolean> {
  if (options.dryRun) {
    console.log(planText(plan));
    return true;
  }
  if (remaining(plan).length === 0) console.log(`All of it was done already: ${inWords(plan.target)}.`);
  await runSteps(new Execution(restoration, plan).steps);
  return true;
}

async function verify(restoration: Restoration): Promise<boolean> {
  const verification = new Verification(restoration, await kept(restoration));
  await runSteps(verification.steps);
  const { missing } = verification;
  console.log(missing.length === 0 ? "All of it is there, and works." : "Missing:");
  for (const each of missing) console.log(`  ${each}`);
  return missing.length === 0;
}

function partList(text: string): Part[] {
  const named = text.split(",");
  const unknown = named.filter((each) => !(parts as readonly string[]).includes(each));
  if (unknown.length > 0)
    throw new InvalidArgumentError(`There is no part ${unknown.join(", ")}: ${parts.join(", ")}.`);
  return parts.filter((part) => named.includes(part));
}

const targetOptions = (command: Command): Command =>
  command
    .option(
      "--to <target>",
      "latest, identifier of a record, or an instant such as 2026-11-22T14:30:00Z (default: latest)",
    )
    .addOption(new Option("--from <site>", "whose copies are taken").choices([...origins]).default("cluster"))
    .option(
      "--only <parts>",
      `some of ${parts.join(",")}; they then belong to different instants (default: ${dataParts.join(",")})`,
      partList,
    )
    .option(
      "--timeline <number>",
      "of Postgres' log, for an instant before an earlier restore (default: the newest)",
      wholeNumber,
    )
    .option("--discard-newer <stack>", "name of the stack, whose newer data may go")
    .option("--without-last-backup", "where none can be taken any more: what is there now is lost");

const program = new Command("restore")
  .description(
    "Puts a stack back to an instant, in three steps, each of which may be repeated: prepare, execute, verify. It reads the stack's outputs, and reaches the cluster by KUBECONFIG.",
  )
  .configureHelp({ showGlobalOptions: true })
  .option("--stack <name>", "stack of Pulumi (default: the selected one)")
  .option("--outputs <file>", "outputs of the stack as JSON, in place of asking Pulumi")
  .option("--dry-run", "look, and print all that would be done");
targetOptions(program.command("prepare"))
  .description("look whether all is there, and keep a plan in the cluster; nothing else is changed")
  .action((_, command: Command) =>
    onStack(command, async (restoration, options) => Boolean(await prepare(restoration, options))),
  );
program
  .command("execute")
  .description("do what of the plan is left to do")
  .action((_, command: Command) =>
    onStack(command, async (restoration, options) => execute(restoration, await kept(restoration), options)),
  );
program
  .command("verify")
  .description("look whether all of it is there and works: exit code 1 if not")
  .action((_, command: Command) => onStack(command, verify));
targetOptions(program.command("run"))
  .description("all three")
  .action((_, command: Command) =>
    onStack(command, async (restoration, options) => {
      const plan = await prepare(restoration, options);
      if (options.dryRun) return true;
      await execute(restoration, plan, options);
      return verify(restoration);
    }),
  );

await runCommand(program);

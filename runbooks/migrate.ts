import { Command } from "commander";
import { backupSettings } from "../config/backup.ts";
import { Failure } from "../local/failure.ts";
import { runSteps, type Step } from "../local/steps.ts";
import { clusterConfig } from "./cluster.ts";
import { runCommand } from "./command.ts";
import { Migration } from "./migration/migration.ts";
import { Preparation } from "./migration/prepare.ts";
import { readSaved } from "./migration/saved.ts";
import { possible, readState, refuseOutOfTurn, type Command as Name, type State } from "./migration/state.ts";
import { readTarget } from "./migration/target.ts";
import { RestoreCluster } from "./restore/cluster.ts";

interface Options {
  readonly namespace: string;
  readonly context?: string;
  readonly dryRun?: true;
  readonly target: string;
  readonly image: string;
  readonly node?: string;
  readonly bandwidth?: string;
}

function open({ namespace, context }: Options): RestoreCluster {
  return new RestoreCluster(clusterConfig(context), { app: namespace, data: namespace });
}

async function prepare(options: Options): Promise<void> {
  const cluster = open(options);
  const last = await readState(cluster);
  refuseOutOfTurn("prepare", last?.phase);
  const preparation = await Preparation.look(cluster, options, last);
  console.log(preparation.text);
  await show(preparation.steps, options);
}

/** A command after prepare. @param steps Of it. @param end What a person does next. */
async function carryOn(
  name: Name,
  options: Options,
  steps: (migration: Migration) => Step[],
  end: (state: State) => string,
): Promise<void> {
  const cluster = open(options);
  const state = await readState(cluster);
  refuseOutOfTurn(name, state?.phase);
  if (!state) throw new Error("no state");
  const target = await readTarget(
    cluster,
    state.target,
    state.directories.map(({ role }) => role),
  );
  await readSaved(cluster, state.saved);
  await show(steps(new Migration(cluster, state, target)), options);
  if (!options.dryRun) console.log(end(state));
}

async function show(steps: Step[], { dryRun }: Options): Promise<void> {
  if (dryRun) console.log(["This would be done:", ...steps.map(({ title }) => `  ${title}`)].join("\n"));
  else await runSteps(steps);
}

async function status(options: Options): Promise<void> {
  const state = await readState(open(options));
  if (!state) throw new Failure(`No migration was begun in ${options.namespace}.`);
  console.log(`${state.phase}, begun ${state.id}${state.cut ? `, cut at ${state.cut}` : ""}`);
  for (const { role, place } of state.directories)
    console.log(`  ${role}: ${place}, ${state.archives[role]?.count ?? "not yet"} archived`);
  const next = possible(state.phase);
  console.log(`Possible now: ${next.length > 0 ? next.join(", ") : "nothing more"}.`);
}

const places = (state: State): string => state.directories.map(({ place }) => place).join("; ");

const program = new Command("migrate")
  .description(
    "Moves Dify's files and plugins from a directory of a node to an object store, in phases that may each be killed and repeated: prepare, copy, cut-over, verify, then finish or roll-back. It reaches the cluster by KUBECONFIG.",
  )
  .configureHelp({ showGlobalOptions: true })
  .requiredOption("--namespace <name>", "of the installation")
  .option("--context <name>", "of the kubeconfig (default: the current one)")
  .option("--dry-run", "look, and print all that would be done");

const optionsOf = (command: Command): Options => command.optsWithGlobals<Options>();
const bandwidth = ["--bandwidth <rate>", 'bytes a second that may be sent, such as "50M" (default: no limit)'] as const;

program
  .command("prepare")
  .description("find the files, save the manifests, archive all with checksums; Dify runs on, nothing of it is changed")
  .option("--target <secret>", "Secret that says where the files go", "migration-target")
  .option("--node <name>", "that has the directory, where no pod tells")
  .option("--image <image>", "with rclone and a shell", backupSettings.parse({}).image)
  .option(...bandwidth)
  .action((_, command: Command) => prepare(optionsOf(command)));
program
  .command("copy")
  .description("copy while Dify runs; again for what came since")
  .option(...bandwidth)
  .action((_, command: Command) => {
    const options = optionsOf(command);
    return carryOn(
      "copy",
      options,
      (migration) => migration.copy(options.bandwidth),
      () => "Copied. Next: cut-over.",
    );
  });
program
  .command("cut-over")
  .description("stop the writers for the last difference, then start Dify as Deployments on the object store")
  .action((_, command: Command) =>
    carryOn(
      "cut-over",
      optionsOf(command),
      (migration) => migration.cutOver(),
      () => "Cut over. Next: verify.",
    ),
  );
program
  .command("verify")
  .description("compare every byte with the directory, and read what was written since, by Dify's own settings")
  .action((_, command: Command) =>
    carryOn(
      "verify",
      optionsOf(command),
      (migration) => migration.verify(),
      () => "All of it is there. Next: finish, or roll-back.",
    ),
  );
program
  .command("roll-back")
  .description("stop Dify, bring back what was written since the cut, start it as it was")
  .action((_, command: Command) =>
    carryOn(
      "roll-back",
      optionsOf(command),
      (migration) => migration.rollBack(),
      (state) => `Dify runs on ${places(state)} again. Next: prepare, for another attempt.`,
    ),
  );
program
  .command("finish")
  .description("give up the way back: delete the old StatefulSets; the files stay where they were")
  .action((_, command: Command) =>
    carryOn(
      "finish",
      optionsOf(command),
      (migration) => migration.finish(),
      (state) => `Finished. No longer read by Dify, to be deleted by hand: ${places(state)}.`,
    ),
  );
program
  .command("status")
  .description("say how far it is, and what may come next")
  .action((_, command: Command) => status(optionsOf(command)));

await runCommand(program);

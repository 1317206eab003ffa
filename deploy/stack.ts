import { delimiter, join } from "node:path";
import { execa } from "execa";
import { loadSettings } from "../config/load.ts";
import { Failure } from "../local/failure.ts";
import { termination } from "../local/interrupt.ts";
import { repository } from "../local/paths.ts";
import { installedEngine } from "../local/pulumi/engine.ts";
import { compilePolicies, policyArguments } from "../local/pulumi/policies.ts";
import { askCluster } from "../local/target.ts";
import { stackConfiguration } from "../render/program.ts";
import { clusterConfig, clusterProblem } from "../runbooks/cluster.ts";

type Command = (stack: string, options: readonly string[]) => Promise<void>;

/** Shows what an update would change. */
export const plan: Command = (stack, options) => pulumi(stack, ["preview", "--diff", ...options]);

/** Updates the stack. Without a terminal nobody can be asked: whoever starts it has agreed already. */
export const deploy: Command = (stack, options) =>
  pulumi(stack, ["up", "--diff", ...(process.stdin.isTTY ? [] : ["--yes"]), ...options]);

/** Fails when what runs is not what the program asks for. */
export const drift: Command = (stack, options) =>
  pulumi(stack, ["preview", "--diff", "--refresh", "--expect-no-changes", ...options]);

/** Runs the user's own Pulumi on a stack of its backend, after all that can be told beforehand was told. */
async function pulumi(stack: string, command: readonly string[]): Promise<void> {
  const { context } = loadSettings(stackConfiguration(stack)).cluster;
  // Node 24 runs the program and the policies, whatever the system's Node is.
  const path = [join(repository, "node_modules", ".bin"), process.env["PATH"]].join(delimiter);
  const engine = await installedEngine(path, "");
  if ("reason" in engine)
    throw new Failure(
      `There is ${engine.reason}: install Pulumi 3.255 or later and choose its backend by pulumi login.`,
    );
  await answeringCluster(context);
  await compilePolicies();
  const asked = process.stdin.isTTY ? [] : ["--non-interactive"];
  const { exitCode } = await execa(
    join(engine.folder, "pulumi"),
    [...command, "--stack", stack, ...asked, ...policyArguments(stack)],
    {
      cwd: repository,
      env: { PATH: path },
      stdio: "inherit",
      // As Ctrl-C does: Pulumi ends what it has begun and writes its state.
      cancelSignal: termination,
      killSignal: "SIGINT",
      forceKillAfterDelay: false,
      reject: false,
    },
  );
  if (exitCode !== 0)
    throw new Failure(`pulumi ${command[0] ?? ""} of stack ${stack} did not end well: what is wrong stands above.`);
}

/** A preview against a cluster that does not answer reports "to create" for everything and no error, so it is asked first. */
async function answeringCluster(context: string | undefined): Promise<void> {
  const config = clusterConfig(context);
  await askCluster(config).catch((error: unknown) => {
    throw new Failure(`Nothing was changed: ${clusterProblem(error, config)}.`);
  });
}

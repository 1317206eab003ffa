import { Command } from "commander";
import { messageOf } from "../local/failure.ts";
import { stopInOrder } from "../local/interrupt.ts";
import { deploy, drift, plan } from "./stack.ts";

const program = new Command("deploy").description(
  "A stack where it really runs: your own Pulumi with its backend, your cluster, and the policies always on.",
);
for (const [name, run, description] of [
  ["plan", plan, "show what an update would change: nothing is changed"],
  ["up", deploy, "update the stack; on a terminal after a question"],
  ["drift", drift, "compare the cluster with the program: exit code 1 if they differ; nothing is changed"],
] as const)
  program
    .command(name)
    .argument("<stack>", "such as prod")
    .argument("[options...]", "of pulumi, after --")
    .description(description)
    .action(run);

stopInOrder();
try {
  await program.parseAsync();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}

import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { endToEndFolder } from "../../test/e2e/support/figures.ts";
import { Failure } from "../failure.ts";
import { goOnUnlessInterrupted } from "../interrupt.ts";
import { repository } from "../paths.ts";

/** The stack of tests that break things. */
export const ownStack = join(endToEndFolder, "stack");

/**
 * Does something with a stack on real nodes: one of its own, brought up before and taken down after, whatever happens; or the one in the folder
 * that DIFY_HA_LOCAL names, which must run and is left running. What an interrupted run has left is used, and taken down.
 * @param work gets on with that stack by starting programs: they find it by the same variable
 * @throws Failure when this machine runs no real nodes.
 */
export async function withStack<T>(work: () => Promise<T>): Promise<T> {
  const given = process.env["DIFY_HA_LOCAL"];
  const stack = given ?? ownStack;
  process.env["DIFY_HA_LOCAL"] = stack;
  delete process.env["KUBECONFIG"];
  try {
    if (!given) await local("up");
    if (!existsSync(join(stack, "cluster", "real-nodes.json")))
      throw new Failure(
        given
          ? `No stack on real nodes runs in ${given}: bring one up with DIFY_HA_LOCAL=${given} make up.`
          : "This machine runs no real nodes (why not stands above), and nothing else can fail for real.",
      );
    goOnUnlessInterrupted();
    return await work();
  } finally {
    if (!given) {
      await local("down");
      delete process.env["DIFY_HA_LOCAL"];
    }
  }
}

async function local(command: "up" | "down"): Promise<void> {
  const { exitCode } = await execa("node", [join("local", "cli.ts"), command], {
    cwd: repository,
    preferLocal: true,
    stdio: "inherit",
    reject: false,
  });
  if (exitCode !== 0) throw new Failure(`make ${command} did not succeed: why stands above.`);
}

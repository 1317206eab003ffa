import type { LocalInputs } from "./inputs.ts";
import { run } from "./run.ts";
import type { Runner } from "./resource.ts";

/** Runs a command line here. */
export const runLocally: Runner<LocalInputs> = (
  command,
  { interpreter, dir, stdin = "", environment },
  extra,
  request,
) => {
  const [file = "/bin/sh", ...args] = interpreter;
  const env = { ...process.env, ...environment, ...extra };
  return run({ file, args: [...args, command], cwd: dir, env, stdin, ...request });
};

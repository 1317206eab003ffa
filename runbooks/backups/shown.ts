import { runSteps } from "../../local/steps.ts";
import type { Progress } from "../../local/failure.ts";

/** Does what takes long, and shows it while it lasts; only on a terminal, so that what is piped on is the result alone. */
export async function shown<T>(title: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  if (!process.stdout.isTTY) return work(() => undefined);
  const { promise, resolve } = Promise.withResolvers<T>();
  await runSteps([{ title, run: async (progress) => resolve(await work(progress)) }]);
  return promise;
}

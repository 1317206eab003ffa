import { beforeAll } from "vitest";
import { ensureRootfs } from "../../local/debian/rootfs.ts";

export { openNetwork } from "../../local/debian/network.ts";
export {
  runInDebian,
  startInDebian,
  RunningProgram,
  type DebianProgram,
  type DebianResult,
} from "../../local/debian/run.ts";

/** To be called at the top of a test file that runs Debian's programs: builds their root file system when it is not there. */
export function usesDebian(): void {
  beforeAll(() => ensureRootfs((line) => process.stderr.write(`${line}\n`)), 15 * 60_000);
}

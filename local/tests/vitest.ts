import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { termination } from "../interrupt.ts";
import { repository } from "../paths.ts";
import type { Tally } from "./check.ts";

/** What we read of vitest's JSON report. */
export interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** Runs all suites, or those given, with their output on the terminal unless it is to be ignored. */
export async function runVitest(args: readonly string[], output: "inherit" | "ignore" = "inherit"): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), "dify-ha-tests-"));
  try {
    const file = join(folder, "report.json");
    const reports = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const { exitCode } = await execa("vitest", ["run", ...reports, ...args], {
      cwd: repository,
      preferLocal: true,
      stdio: output,
      reject: false,
      // Ctrl-C reaches it by itself.
      cancelSignal: termination,
    });
    const report = await readFile(file, "utf8").catch(() => undefined);
    return tally(report === undefined ? undefined : (JSON.parse(report) as Report), exitCode === 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Counts tests. A file that does not even load counts as one failure, and so does a run that fails with every test passed (an error outside
 * of tests) or that leaves no report: never green by accident.
 */
export function tally(report: Report | undefined, succeeded: boolean): Tally {
  if (!report) return { passed: 0, failed: 1 };
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  );
  const failed = report.numFailedTests + broken.length;
  return { passed: report.numPassedTests, failed: failed === 0 && !succeeded ? 1 : failed };
}

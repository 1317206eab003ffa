import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { execa } from "execa";
import { termination } from "../interrupt.ts";
import { repository } from "../paths.ts";
import type { Failed, Tally } from "./check.ts";

/** What we read of vitest's JSON report. */
export interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly FileReport[];
}

interface FileReport {
  /** The file, as an absolute path. */
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages?: readonly string[] | null;
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
 * Counts tests. A file that does not even load, or whose set-up fails, counts as one failure, and so does a run that fails with every test
 * passed (an error outside of tests) or that leaves no report: never green by accident.
 */
export function tally(report: Report | undefined, succeeded: boolean): Tally {
  if (!report) return { passed: 0, failures: [{ name: "vitest", why: "It left no report: why stands above." }] };
  const failures = report.testResults.flatMap(failuresOf);
  const outside = { name: "vitest", why: "It failed outside of tests: why stands above." };
  return { passed: report.numPassedTests, failures: failures.length === 0 && !succeeded ? [outside] : failures };
}

function failuresOf({ name, status, message, assertionResults }: FileReport): Failed[] {
  const file = relative(repository, name);
  const tests = assertionResults.filter((test) => test.status === "failed");
  if (tests.length === 0) return status === "failed" ? [{ name: file, why: message ?? "" }] : [];
  return tests.map(({ fullName, failureMessages }) => ({
    name: `${file}: ${fullName}`,
    why: failureMessages?.join("\n") ?? "",
  }));
}

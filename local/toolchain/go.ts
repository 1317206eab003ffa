import { execa } from "execa";
import { Failure } from "../failure.ts";
import { atLeast, type Version } from "./version.ts";

/** `tool` lines in go.mod came with it. Where a module asks for a newer Go, this one fetches it from the module proxy by itself. */
export const oldestGo: Version = [1, 24, 0];

/** Where Go is looked for when it is not on PATH: its own installer's folder. */
const usualPlace = "/usr/local/go/bin/go";

/** The path of a Go that is new enough, or a Failure that says what to install. */
export async function goProgram(candidates: readonly string[] = ["go", usualPlace]): Promise<string> {
  const wanted = `Go ${oldestGo.slice(0, 2).join(".")} or later`;
  for (const candidate of candidates) {
    const { stdout, failed } = await execa(candidate, ["version"], { reject: false });
    if (failed) continue;
    const found = /go(\d+)\.(\d+)(?:\.(\d+))?/.exec(stdout);
    const version: Version = [Number(found?.[1]), Number(found?.[2]), Number(found?.[3] ?? 0)];
    if (atLeast(version, oldestGo)) return candidate;
    throw new Failure(
      `${candidate} is ${version.join(".")}, but ${wanted} is needed: install it from https://go.dev/dl and try again.`,
    );
  }
  throw new Failure(
    `Go is missing: install ${wanted} (https://go.dev/dl or your distribution's package) and try again.`,
  );
}

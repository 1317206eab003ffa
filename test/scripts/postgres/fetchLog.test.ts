import { expect, it } from "vitest";
import { script } from "../../../components/postgres/scripts.ts";
import { runInDebian, usesDebian } from "../../support/debian.ts";

usesDebian();

/** Stands for the archive: it has what lies in /archive, and says when it was asked. */
const archive = `#!/bin/sh
echo "asked for $3"
[ -e "/archive/$3" ]
`;

/** Asks once a second for as long as it takes; what the archive said, and how each request ended. */
async function ask(...requests: readonly string[]): Promise<string[]> {
  const { stdout } = await runInDebian({
    argv: [
      "sh",
      "-c",
      `for file; do sh /fetch-log.sh "$file" target; echo "$file: $?"; sleep 1; done`,
      "ask",
      ...requests,
    ],
    env: { STANZA: "dify", PATIENCE: "3", PATH: "/stubs:/usr/bin:/bin" },
    files: {
      "/fetch-log.sh": script("fetch-log.sh"),
      "/stubs/pgbackrest": archive,
      "/archive/0001": "",
      "/archive/0002": "",
    },
    timeoutSeconds: 30,
  });
  return stdout.trim().split("\n");
}

it("leaves the archive alone while a segment may yet be streamed", async () =>
  expect(await ask("0001", "0001", "0002", "0001", "00000002.history")).toEqual([
    "0001: 1",
    "0001: 1",
    "0002: 1",
    "0001: 1",
    "00000002.history: 1",
  ]));

it("fetches what is asked for again and again, and what comes after it at once, until there is no more", async () => {
  const said = await ask("0001", "0001", "0001", "0001", "0001", "0002", "0003", "0003");
  expect(said.slice(-6)).toEqual(["0001: 0", "asked for 0002", "0002: 0", "asked for 0003", "0003: 1", "0003: 1"]);
});

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { runInDebian, usesDebian } from "../../support/debian.ts";
import { ask } from "../../support/servers.ts";

usesDebian();

const text = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

it("notices reach robots in their own form, signed, and a refusal is told to Alertmanager", async () => {
  const [milliseconds, key] = ["1700000000000", "SECabcdef0123456789"];
  const openssl = await ask({
    argv: [
      "sh",
      "-c",
      'printf "%s\\n%s" "$1" "$2" | openssl dgst -sha256 -hmac "$2" -binary | base64',
      "sh",
      milliseconds,
      key,
    ],
  });
  const { stdout, stderr } = await runInDebian({
    argv: ["python3", "-B", "/opt/test/forward_cases.py", milliseconds, key, openssl],
    files: {
      "/opt/test/forward_cases.py": text("forward_cases.py"),
      "/opt/dify-ha/forward.py": text("../../../scripts/notices/forward.py"),
    },
    network: "own",
  });
  expect(stderr).toBe("");
  expect(stdout).toBe("signature\nforms\nlimits\ndelivery\nrefusals\nnothing secret is said\n");
}, 60_000);

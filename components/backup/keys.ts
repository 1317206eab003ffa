import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** Secrets without which something that is backed up cannot be read, by their names in the configuration. */
export type RecoveryKeys = Readonly<Record<string, pulumi.Input<string>>>;

/** SHA-256 of each, which says whether somebody has the right ones; they are long and random, so nobody finds them from it. */
export function fingerprints(keys: RecoveryKeys): pulumi.Output<Record<string, string>> {
  const hash = (secret: string) => createHash("sha256").update(secret).digest("hex");
  return pulumi
    .output(keys)
    .apply((values) => Object.fromEntries(Object.entries(values).map(([name, secret]) => [name, hash(secret)])));
}

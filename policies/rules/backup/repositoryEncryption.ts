import { backupJobOf } from "../../read/backups.ts";
import { containersOf } from "../../read/pods.ts";
import { repositoriesOf } from "../../read/pgbackrest.ts";
import type { Resource } from "../../read/resource.ts";
import { list, read, text } from "../../read/values.ts";
import { rule, violation } from "../../rule.ts";

/** A place for backups, and whether they are encrypted before they go there. */
export interface Repository {
  readonly name: string;
  readonly encrypted: boolean;
  /** What to set. */
  readonly remedy: string;
}

/** B18: who has the store has nothing without our key. */
export function encryptionViolations({ name, encrypted, remedy }: Repository): string[] {
  return violation(!encrypted, `backups lie in ${name} as anybody can read them: ${remedy}`);
}

/** Sites of a job that carries files by rclone: for each in SITES a pass phrase CIPHER_SITE out of a Secret. */
function sitesOf(resource: Resource): Repository[] {
  if (!backupJobOf(resource)) return [];
  return containersOf(resource).flatMap(({ name: container, definition }) => {
    const variables = list(definition, "env");
    const named = (name: string) => variables.find((variable) => text(variable, "name") === name);
    const sites = (text(named("SITES"), "value") ?? "").split(" ").filter((site) => site !== "");
    return sites.map((site) => ({
      name: `${site} (container "${container}")`,
      encrypted: read(named(`CIPHER_${site}`), "valueFrom", "secretKeyRef") !== undefined,
      remedy: `set CIPHER_${site} from a Secret`,
    }));
  });
}

export const repositoryEncryption = rule({
  name: "repository-encryption",
  requirement: "B18",
  description: "Backups are encrypted before they leave the stack, by a pass phrase out of a Secret.",
  why: "A bucket's own encryption protects against lost disks, not against who runs the store.",
  remediation: "Set repoN-cipher-type to aes-256-cbc, and CIPHER_SITE of upload jobs from a Secret.",
  severity: "high",
  sees: "resource",
  subjects: (resource) => [
    ...repositoriesOf(resource).map(({ name, options }) => ({
      name: `pgBackRest's ${name}`,
      encrypted: (options["cipher-type"] ?? "none") !== "none",
      remedy: `set ${name}-cipher-type to aes-256-cbc`,
    })),
    ...sitesOf(resource),
  ],
  check: encryptionViolations,
});

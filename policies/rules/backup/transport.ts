import { backupJobOf } from "../../read/backups.ts";
import { repositoriesOf } from "../../read/pgbackrest.ts";
import { kindOf, type Resource } from "../../read/resource.ts";
import { text } from "../../read/values.ts";
import { rule, violation } from "../../rule.ts";

/** A way that backups take. */
export interface Transport {
  readonly to: string;
  /** What stays with the volumes takes none. */
  readonly encrypted: boolean;
  /** The other side proves who it is. */
  readonly verified: boolean;
}

/** B11, B18: nobody on the way reads a backup, or takes it in place of the store. */
export function transportViolations({ to, encrypted, verified }: Transport): string[] {
  return [
    ...violation(!encrypted, `backups go to ${to} in clear: give a URL that begins with https://`),
    ...violation(!verified, `nobody checks that ${to} is what it says: leave certificates verified`),
  ];
}

function transportsOf(resource: Resource): Transport[] {
  const job = backupJobOf(resource);
  if (job) return job.copies.map((to) => ({ to, encrypted: /^(https|csi):/.test(to), verified: true }));
  if (kindOf(resource) === "BackupStorageLocation") {
    const url = text(resource.inputs, "spec", "config", "s3Url");
    const lax = text(resource.inputs, "spec", "config", "insecureSkipTLSVerify") === "true";
    return [{ to: url ?? "AWS", encrypted: url === undefined || url.startsWith("https:"), verified: !lax }];
  }
  return repositoriesOf(resource).map(({ name, options }) => ({
    to: `pgBackRest's ${name}`,
    encrypted: options["s3-endpoint"]?.startsWith("http:") !== true,
    verified: options["storage-verify-tls"] !== "n" && options["s3-verify-tls"] !== "n",
  }));
}

export const backupTransport = rule({
  name: "backup-transport",
  requirement: "B11, B18",
  description: "Backups travel by TLS only, to a store whose certificate is checked.",
  why: "Keys of a store that go over the wire in clear are anybody's.",
  remediation: "Use https, and leave the check of certificates on with the store's own authority.",
  severity: "high",
  sees: "resource",
  subjects: transportsOf,
  check: transportViolations,
});

import { awsNames } from "../../components/offsite/aws/names.ts";
import type { AwsOffsiteSettings, OffsiteSettings } from "../offsite.ts";
import { rule, type Problem } from "../rules.ts";
import { differentBuckets, recordsOutliveBackups } from "./buckets.ts";

/** Checks on what is made on AWS. */
function awsRule(name: string, check: (settings: AwsOffsiteSettings) => readonly Problem[]) {
  return rule(name, ["offsite"], ({ offsite }) => (offsite.backend === "aws" ? check(offsite) : []));
}

function namesOf(settings: OffsiteSettings): string[] {
  if (settings.backend === "none") return [];
  if (settings.backend === "s3") return [settings.backups.bucket, settings.catalogue.bucket];
  const { home, replica, trail } = awsNames("", settings).buckets;
  return [...Object.values(home), ...Object.values(replica), trail];
}

/** Checks on the second site. */
export const offsiteRules = [
  rule("off-site buckets are different", ["offsite"], ({ offsite }) =>
    differentBuckets(offsite.backend === "aws" ? "offsite.buckets" : "offsite", namesOf(offsite)),
  ),
  awsRule("the replica lies in another region", ({ region, replicaRegion }) =>
    region !== replicaRegion
      ? []
      : [
          {
            path: "offsite.replicaRegion",
            problem: `${replicaRegion} is the region that it shall protect from losing`,
            remedy: "give another region",
          },
        ],
  ),
  awsRule("off-site records outlive the backups that they tell of", ({ lock }) =>
    recordsOutliveBackups("offsite.lock", lock),
  ),
  rule("a backup that may be asked for is locked", ["offsite", "postgres"], ({ offsite, postgres }): Problem[] => {
    if (offsite.backend !== "aws" || postgres.backend !== "patroni") return [];
    const { retentionDays } = postgres.archive;
    return offsite.lock.backupDays > retentionDays
      ? []
      : [
          {
            path: "offsite.lock.backupDays",
            problem: `${offsite.lock.backupDays} days end before the backup that the oldest of postgres.archive.retentionDays (${retentionDays}) starts from, which is up to a day older`,
            remedy: `give at least ${retentionDays + 1}`,
          },
        ];
  }),
];

import { daemonUpdates } from "./availability/daemonUpdates.ts";
import { disruptionBudget } from "./availability/disruptionBudget.ts";
import { objectStoreZones } from "./availability/objectStoreZones.ts";
import { serviceSpread } from "./availability/serviceSpread.ts";
import { synchronousPostgres } from "./availability/synchronousPostgres.ts";
import { awsBucketParts } from "./backup/awsBucketParts.ts";
import { awsReplication } from "./backup/awsReplication.ts";
import { backupBuckets } from "./backup/backupBuckets.ts";
import { bucketEncryption } from "./backup/bucketEncryption.ts";
import { bucketLock } from "./backup/bucketLock.ts";
import { bucketVersions } from "./backup/bucketVersions.ts";
import { declaredBackup } from "./backup/declaredBackup.ts";
import { walArchiving } from "./backup/walArchiving.ts";
import { awsBucketAccess } from "./security/awsBucketAccess.ts";
import { awsLeastPrivilege } from "./security/awsLeastPrivilege.ts";
import { defaultDeny } from "./security/defaultDeny.ts";
import { hardenedPods } from "./security/hardenedPods.ts";
import { pinnedImages } from "./security/pinnedImages.ts";
import { plainSecrets } from "./security/plainSecrets.ts";
import type { Rule } from "../rule.ts";

/** Every rule of the pack, by family. */
export const rules: readonly Rule[] = [
  awsBucketParts,
  awsReplication,
  backupBuckets,
  bucketEncryption,
  bucketLock,
  bucketVersions,
  declaredBackup,
  walArchiving,
  daemonUpdates,
  disruptionBudget,
  objectStoreZones,
  serviceSpread,
  synchronousPostgres,
  awsBucketAccess,
  awsLeastPrivilege,
  defaultDeny,
  hardenedPods,
  pinnedImages,
  plainSecrets,
];

import { daemonUpdates } from "./availability/daemonUpdates.ts";
import { disruptionBudget } from "./availability/disruptionBudget.ts";
import { memberHosts, quorumZones } from "./availability/members.ts";
import { objectStoreZones } from "./availability/objectStoreZones.ts";
import {
  memberLiveness,
  priorityClasses,
  readinessProbes,
  resourceRequests,
  terminationGrace,
} from "./availability/podLife.ts";
import { autoscaledReplicas, autoscalerBounds, serviceReplicas, singletons } from "./availability/replicas.ts";
import { serviceSpread } from "./availability/serviceSpread.ts";
import { synchronousPostgres } from "./availability/synchronousPostgres.ts";
import { backupAlerts } from "./backup/alerts.ts";
import { awsBucketParts } from "./backup/awsBucketParts.ts";
import { awsReplication } from "./backup/awsReplication.ts";
import { backupBuckets } from "./backup/backupBuckets.ts";
import { dataSetGap, fullBackupDaily, incrementalBackupHourly, redisSnapshotGap } from "./backup/backupGaps.ts";
import { backupSchedule } from "./backup/backupSchedule.ts";
import { bucketEncryption } from "./backup/bucketEncryption.ts";
import { bucketLifecycle } from "./backup/bucketLifecycle.ts";
import { bucketLock } from "./backup/bucketLock.ts";
import { bucketVersions } from "./backup/bucketVersions.ts";
import { threeTwoOne } from "./backup/copies.ts";
import { declaredBackup } from "./backup/declaredBackup.ts";
import { followedBuckets } from "./backup/followedBuckets.ts";
import { jobDeadline, jobOverlap, jobRetries, jobSuspended, jobTimeZone } from "./backup/jobs.ts";
import { kmsKeys } from "./backup/kmsKeys.ts";
import { lockNotWeakened } from "./backup/lockNotWeakened.ts";
import { protectedState, volumeRetention } from "./backup/protectedState.ts";
import { replicationRole } from "./backup/replicationRole.ts";
import { repositoryEncryption } from "./backup/repositoryEncryption.ts";
import { restoreDrills } from "./backup/restoreDrills.ts";
import { backupRetention } from "./backup/retention.ts";
import { snapshotSchedules } from "./backup/snapshotSchedules.ts";
import { backupTransport } from "./backup/transport.ts";
import {
  veleroLocation,
  veleroNamespaces,
  veleroOwnerReferences,
  veleroRepositoryPassword,
  veleroTtl,
} from "./backup/velero.ts";
import { walArchiving } from "./backup/walArchiving.ts";
import { applicationReach, writerRights } from "./backup/writerRights.ts";
import { awsBucketAccess } from "./security/awsBucketAccess.ts";
import { awsLeastPrivilege } from "./security/awsLeastPrivilege.ts";
import { defaultDeny } from "./security/defaultDeny.ts";
import { defaultKeys } from "./security/defaultKeys.ts";
import { hardenedPods } from "./security/hardenedPods.ts";
import { exposedServices, openPolicies, podSecurityLabels } from "./security/network.ts";
import { pinnedImages } from "./security/pinnedImages.ts";
import { plainSecrets } from "./security/plainSecrets.ts";
import { accountTokens, adminBindings, wildcardRights } from "./security/rights.ts";
import { certificates, postgresTls } from "./security/transport.ts";
import type { Rule } from "../rule.ts";

/** Every rule of the pack, by family. */
export const families: Readonly<Record<"backup" | "availability" | "security", readonly Rule[]>> = {
  backup: [
    declaredBackup,
    backupSchedule,
    threeTwoOne,
    dataSetGap,
    fullBackupDaily,
    incrementalBackupHourly,
    walArchiving,
    followedBuckets,
    redisSnapshotGap,
    backupRetention,
    restoreDrills,
    backupAlerts,
    jobSuspended,
    jobOverlap,
    jobDeadline,
    jobRetries,
    jobTimeZone,
    backupBuckets,
    bucketLock,
    lockNotWeakened,
    bucketLifecycle,
    bucketVersions,
    bucketEncryption,
    writerRights,
    applicationReach,
    repositoryEncryption,
    backupTransport,
    protectedState,
    volumeRetention,
    snapshotSchedules,
    veleroNamespaces,
    veleroTtl,
    veleroOwnerReferences,
    veleroLocation,
    veleroRepositoryPassword,
    awsBucketParts,
    awsReplication,
    replicationRole,
    kmsKeys,
  ],
  availability: [
    serviceReplicas,
    singletons,
    serviceSpread,
    disruptionBudget,
    autoscaledReplicas,
    autoscalerBounds,
    synchronousPostgres,
    quorumZones,
    memberHosts,
    objectStoreZones,
    daemonUpdates,
    readinessProbes,
    memberLiveness,
    terminationGrace,
    resourceRequests,
    priorityClasses,
  ],
  security: [
    hardenedPods,
    podSecurityLabels,
    pinnedImages,
    accountTokens,
    wildcardRights,
    adminBindings,
    plainSecrets,
    defaultKeys,
    defaultDeny,
    openPolicies,
    exposedServices,
    postgresTls,
    certificates,
    awsBucketAccess,
    awsLeastPrivilege,
  ],
};

export const rules: readonly Rule[] = Object.values(families).flat();

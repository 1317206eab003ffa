import { awsKindOf, statementsOf, type Statement } from "../../read/aws.ts";
import { bucketsOf } from "../../read/buckets.ts";
import { userRightsOf, type UserRights } from "../../read/documents.ts";
import type { Resource } from "../../read/resource.ts";
import { rule, violation } from "../../rule.ts";

/** What undoes a lock, or what it protects. */
const undoing = [
  "s3:DeleteObjectVersion",
  "s3:BypassGovernanceRetention",
  "s3:PutObjectRetention",
  "s3:PutObjectLegalHold",
  "s3:PutBucketObjectLockConfiguration",
  "s3:PutBucketVersioning",
  "s3:PutLifecycleConfiguration",
  "s3:DeleteBucket",
] as const;

const covers = ({ actions }: Statement, action: string) =>
  actions.some((pattern) => new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(action));
const everywhere = ({ resources }: Statement) => resources.some((r) => r === "*" || r === "arn:aws:s3:::*");

/** Where drills try to delete what is locked: to be refused by the lock they need the right, and nothing else lies there. */
const trial = /^arn:aws:s3:::[^*?/]+\/drills\/\*$/;

const isTrial = ({ resources }: Statement) => resources.length > 0 && resources.every((r) => trial.test(r));

/** B11: who writes backups cannot take them away, whatever another policy may allow one day. */
export function writerViolations({ user, statements }: UserRights): string[] {
  const denied = (action: string) =>
    statements.some((s) => !s.allows && s.condition === undefined && everywhere(s) && covers(s, action));
  const allowing = (action: string) => statements.filter((s) => s.allows && covers(s, action));
  const granted = undoing.filter((action) => allowing(action).some((s) => !isTrial(s)));
  const open = undoing.filter((action) => !denied(action) && !allowing(action).some(isTrial));
  return [
    ...violation(granted.length > 0, `user "${user}" is granted ${granted.join(", ")}: take it out of its policy`),
    ...violation(open.length > 0, `user "${user}" is not denied ${open.join(", ")}: deny it on arn:aws:s3:::*`),
  ];
}

/** Users whose policies are about object stores. */
function usersOf(resource: Resource): UserRights[] {
  if (awsKindOf(resource) !== "UserPolicy") return userRightsOf(resource);
  const statements = statementsOf(resource);
  const aboutObjects = statements.some(({ actions }) => actions.some((action) => action.startsWith("s3:")));
  return aboutObjects ? [{ user: resource.name, statements }] : [];
}

export const writerRights = rule({
  name: "backup-writer-rights",
  requirement: "B11",
  description: "Users of object stores can delete no version, and touch neither lock, versions nor lifecycle.",
  why: "Credentials that lie in a pod are the first that an intruder has.",
  remediation: "Deny the named actions on every bucket in the user's policy, and grant none of them.",
  severity: "critical",
  sees: "resource",
  subjects: usersOf,
  check: writerViolations,
});

/** Users of the application, and what their policies say. */
interface ApplicationUser extends UserRights {
  readonly backupBuckets: readonly string[];
}

/** B11: the application, which strangers talk to, knows no way to its backups. */
export function reachViolations({ user, statements, backupBuckets }: ApplicationUser): string[] {
  const reached = backupBuckets.filter((bucket) =>
    statements.some(
      ({ allows, resources }) =>
        allows &&
        resources.some((r) => r === "*" || r.startsWith("arn:aws:s3:::*") || new RegExp(`:::${bucket}(/|$)`).test(r)),
    ),
  );
  return violation(
    reached.length > 0,
    `user "${user}" of the application reaches ${reached.join(", ")}, which holds backups: give each purpose a user of its own`,
  );
}

export const applicationReach = rule({
  name: "application-reach",
  requirement: "B11",
  description: "Credentials of the application reach no bucket with backups.",
  why: "Who takes the application over must not find its backups by the same key.",
  remediation: "Take buckets with backups out of the policies of the application's users.",
  severity: "critical",
  sees: "resource",
  subjects: (resource) => {
    const buckets = bucketsOf(resource);
    const users = buckets.filter(({ purpose }) => purpose === "application").map(({ user }) => user);
    const backupBuckets = buckets.filter(({ purpose }) => purpose === "backup").map(({ name }) => name);
    return userRightsOf(resource)
      .filter(({ user }) => users.includes(user))
      .map((rights) => ({ ...rights, backupBuckets }));
  },
  check: reachViolations,
});

import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { AwsOffsite } from "../../components/offsite/aws.ts";
import { clusterSettings } from "../../config/cluster.ts";
import { awsKindOf } from "../../policies/read/aws.ts";
import { kindOf, type Resource } from "../../policies/read/resource.ts";
import { rules } from "../../policies/rules/index.ts";
import { awsSettings } from "../components/offsite/sample.ts";
import { readGolden } from "../support/golden.ts";
import { declare } from "../support/mocks.ts";
import { environments } from "../support/stack.ts";
import { judge } from "../support/policies.ts";

/** Data that a mutation may reach into; it fails the test by itself where the program no longer has what it changes. */
interface Data {
  [key: string]: Data;
}
type Change = (inputs: Data) => void;

const set =
  (value: unknown, ...path: string[]): Change =>
  (inputs) => {
    const holder = path.slice(0, -1).reduce<Data | undefined>((data, key) => data?.[key], inputs);
    expect(holder, path.join(".")).toBeDefined();
    Object.assign(holder ?? {}, { [path.at(-1) ?? ""]: value });
  };
const pod = ["spec", "template", "spec"] as const;
const container = [...pod, "containers", "0"] as const;
const security = [...container, "securityContext"] as const;

/** Changes one bucket of the list that the object store is made from. */
const bucket =
  (change: (bucket: Record<string, unknown>) => void): Change =>
  ({ data }) => {
    const file = data as unknown as Record<"buckets.json", string>;
    const buckets = JSON.parse(file["buckets.json"]) as Record<string, unknown>[];
    change(buckets.find(({ purpose }) => purpose === "backup") ?? {});
    file["buckets.json"] = JSON.stringify(buckets);
  };
/** Changes what all members of Postgres share. */
const patroni =
  (value: unknown, ...path: string[]): Change =>
  ({ data }) => {
    const file = data as unknown as Record<"patroni.yml", string>;
    const config = parse(file["patroni.yml"]) as Data;
    set(value, "bootstrap", "dcs", ...path)(config);
    file["patroni.yml"] = stringify(config);
  };

/** Changes the first statement of that effect in a policy of AWS. */
const statement =
  (effect: "Allow" | "Deny", change: (statement: Record<string, unknown>) => void): Change =>
  (inputs) => {
    const { policy } = inputs as unknown as Record<"policy", string>;
    const document = JSON.parse(policy) as { readonly Statement: Record<string, unknown>[] };
    change(document.Statement.find(({ Effect }) => Effect === effect) ?? {});
    Object.assign(inputs, { policy: JSON.stringify(document) });
  };

/** What somebody might do to production, one field at a time, and the one rule that must notice. */
const mutations: readonly (readonly [rule: string, what: string, kind: string, name: string, change: Change])[] = [
  [
    "backup-bucket-lock",
    "lock backups on AWS for a day",
    "BucketObjectLockConfiguration",
    "offsite-backups",
    set(1, "rule", "defaultRetention", "days"),
  ],
  [
    "backup-bucket-lock",
    "let the owner of their copies unlock them",
    "BucketObjectLockConfiguration",
    "offsite-replica-catalogue",
    set("GOVERNANCE", "rule", "defaultRetention", "mode"),
  ],
  [
    "backup-bucket-versions",
    "keep no versions on AWS",
    "BucketVersioning",
    "offsite-catalogue",
    set("Suspended", "versioningConfiguration", "status"),
  ],
  [
    "backup-bucket-encryption",
    "leave the key of backups on AWS to S3",
    "BucketServerSideEncryptionConfiguration",
    "offsite-backups",
    set({ sseAlgorithm: "AES256" }, "rules", "0", "applyServerSideEncryptionByDefault"),
  ],
  [
    "aws-bucket-parts",
    "make a bucket that cannot be locked",
    "Bucket",
    "offsite-backups",
    set(false, "objectLockEnabled"),
  ],
  ["aws-bucket-parts", "set the versions of another bucket", "BucketVersioning", "offsite-backups", set("x", "bucket")],
  [
    "aws-replication",
    "copy backups nowhere",
    "BucketReplicationConfig",
    "offsite-backups",
    set("Disabled", "rules", "0", "status"),
  ],
  [
    "aws-replication",
    "leave out what is encrypted",
    "BucketReplicationConfig",
    "offsite-catalogue",
    set("Disabled", "rules", "0", "sourceSelectionCriteria", "sseKmsEncryptedObjects", "status"),
  ],
  ["aws-replication", "copy within a region", "Bucket", "offsite-replica-backups", set("eu-central-1", "region")],
  [
    "aws-bucket-access",
    "let copies become public",
    "BucketPublicAccessBlock",
    "offsite-replica-backups",
    set(false, "restrictPublicBuckets"),
  ],
  [
    "aws-bucket-access",
    "let objects belong to others",
    "BucketOwnershipControls",
    "offsite-backups",
    set("ObjectWriter", "rule", "objectOwnership"),
  ],
  [
    "aws-bucket-access",
    "answer in clear",
    "BucketPolicy",
    "offsite-backups",
    statement("Deny", (deny) => delete deny["Condition"]),
  ],
  [
    "aws-least-privilege",
    "let the writer do all",
    "UserPolicy",
    "offsite-backups",
    statement("Allow", (grant) => (grant["Action"] = "s3:*")),
  ],
  [
    "aws-least-privilege",
    "let the replication read everywhere",
    "RolePolicy",
    "offsite-replication",
    statement("Allow", (grant) => (grant["Resource"] = "arn:aws:s3:::*")),
  ],
  [
    "aws-least-privilege",
    "let everybody administer a key",
    "Key",
    "offsite",
    statement("Allow", (grant) => (grant["Principal"] = { AWS: "*" })),
  ],
  ["backup-bucket-lock", "unlock backups", "ConfigMap", "object-store-buckets", bucket((b) => delete b["lock"])],
  [
    "backup-bucket-lock",
    "let the owner unlock them",
    "ConfigMap",
    "object-store-buckets",
    bucket((b) => (b["lock"] = { mode: "GOVERNANCE", days: 3650 })),
  ],
  [
    "backup-bucket-lock",
    "lock them for a day",
    "ConfigMap",
    "object-store-buckets",
    bucket((b) => (b["lock"] = { mode: "COMPLIANCE", days: 1 })),
  ],
  [
    "backup-bucket-versions",
    "keep no versions of backups",
    "ConfigMap",
    "object-store-buckets",
    bucket((b) => (b["versioned"] = false)),
  ],
  [
    "backup-bucket-encryption",
    "store backups in the clear",
    "ConfigMap",
    "object-store-buckets",
    bucket((b) => delete b["encryption"]),
  ],
  [
    "backup-buckets",
    "declare the buckets elsewhere",
    "ConfigMap",
    "object-store-buckets",
    set("nothing", "metadata", "labels", "dify-ha/declares"),
  ],
  [
    "wal-archiving",
    "archive nothing",
    "ConfigMap",
    "postgres-config",
    patroni(false, "postgresql", "parameters", "archive_mode"),
  ],
  [
    "wal-archiving",
    "only pretend to archive",
    "ConfigMap",
    "postgres-config",
    patroni("/bin/true", "postgresql", "parameters", "archive_command"),
  ],
  [
    "wal-archiving",
    "archive every half hour",
    "ConfigMap",
    "postgres-config",
    patroni("30min", "postgresql", "parameters", "archive_timeout"),
  ],
  [
    "declared-backup",
    "forget how Redis comes back",
    "StatefulSet",
    "redis",
    (inputs) => delete (inputs["metadata"] as Data)["annotations"],
  ],
  ["synchronous-postgres", "commit asynchronously", "ConfigMap", "postgres-config", patroni(false, "synchronous_mode")],
  ["synchronous-postgres", "run two members", "StatefulSet", "postgres", set(2, "spec", "replicas")],
  [
    "synchronous-postgres",
    "let members share a zone",
    "StatefulSet",
    "postgres",
    set("ScheduleAnyway", ...pod, "topologySpreadConstraints", "0", "whenUnsatisfiable"),
  ],
  [
    "service-spread",
    "let replicas of the API share a zone",
    "Deployment",
    "api",
    set("ScheduleAnyway", ...pod, "topologySpreadConstraints", "0", "whenUnsatisfiable"),
  ],
  [
    "service-spread",
    "spread workers over nothing",
    "Deployment",
    "worker",
    set([], ...pod, "topologySpreadConstraints"),
  ],
  [
    "daemon-updates",
    "take a node's proxy away before the next one serves",
    "DaemonSet",
    "postgres-haproxy",
    set({ maxUnavailable: 1, maxSurge: 0 }, "spec", "updateStrategy", "rollingUpdate"),
  ],
  ["disruption-budget", "let no drain pass", "PodDisruptionBudget", "api", set(0, "spec", "maxUnavailable")],
  [
    "disruption-budget",
    "protect other pods than those of etcd",
    "PodDisruptionBudget",
    "etcd",
    set("web", "spec", "selector", "matchLabels", "app.kubernetes.io/name"),
  ],
  ["object-store-zones", "run seven servers in three zones", "StatefulSet", "minio", set(7, "spec", "replicas")],
  [
    "object-store-zones",
    "let its servers share a zone",
    "StatefulSet",
    "minio",
    set("ScheduleAnyway", ...pod, "topologySpreadConstraints", "0", "whenUnsatisfiable"),
  ],
  ["default-deny", "open the way out", "NetworkPolicy", "default-deny-app", set(["Ingress"], "spec", "policyTypes")],
  [
    "pinned-images",
    "run whatever is latest",
    "Deployment",
    "web",
    set("langgenius/dify-web:latest", ...container, "image"),
  ],
  ["hardened-pods", "run the API as root", "Deployment", "api", set(0, ...pod, "securityContext", "runAsUser")],
  ["hardened-pods", "let the API write", "Deployment", "api", set(false, ...security, "readOnlyRootFilesystem")],
  [
    "hardened-pods",
    "let the sandbox gain rights",
    "Deployment",
    "sandbox",
    set(true, ...security, "allowPrivilegeEscalation"),
  ],
  ["hardened-pods", "share the host's network", "StatefulSet", "minio", set(true, ...pod, "hostNetwork")],
  [
    "plain-secrets",
    "write a password into a variable",
    "Deployment",
    "web",
    set([{ name: "DB_PASSWORD", value: "hunter2" }], ...container, "env"),
  ],
  [
    "plain-secrets",
    "write a key into a ConfigMap",
    "ConfigMap",
    "postgres-config",
    set("s3cr3t", "data", "SECRET_KEY"),
  ],
];

function mutated(stack: readonly Resource[], kind: string, name: string, change: Change): Resource[] {
  const copy = structuredClone(stack) as Resource[];
  const found = copy.filter((resource) => (kindOf(resource) ?? awsKindOf(resource)) === kind && resource.name === name);
  expect(found, `${kind} ${name}`).toHaveLength(1);
  change(found[0]?.inputs as Data);
  return copy;
}

describe.each(environments)("the stack %s", (environment) => {
  it("complies with every rule", () => expect(judge(readGolden(environment), environment).violations).toEqual([]));
});

describe("production with an off site on AWS", async () => {
  const settings = awsSettings({ dataEvents: true });
  const offsite = await declare(() => new AwsOffsite("offsite", { cluster: clusterSettings.parse({}), settings }));
  const prod = [...readGolden("prod"), ...offsite.map(({ type, name, inputs }) => ({ type, name, inputs }))];

  it("complies with every rule", () => expect(judge(prod, "prod").violations).toEqual([]));

  it.each(mutations)("%s alone notices who would %s", (rule, _what, kind, name, change) => {
    const { violations } = judge(mutated(prod, kind, name, change), "prod");
    expect(new Set(violations.map((violation) => violation.rule))).toEqual(new Set([rule]));
  });

  it("has a mutation for every rule", () =>
    expect(rules.map(({ name }) => name).filter((name) => !mutations.some(([rule]) => rule === name))).toEqual([]));
});

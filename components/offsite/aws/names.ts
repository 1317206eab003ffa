import type { AwsOffsiteSettings } from "../../../config/offsite.ts";

/** Who acts on AWS: two that write, one that reads for drills and restores, and what S3 acts as when it copies. */
export type Actor = "backups" | "catalogue" | "reader" | "replication";

export const bucketRoles = ["backups", "catalogue"] as const;
export type BucketRole = (typeof bucketRoles)[number];

/** The buckets of one region by what they hold. */
export type BucketPair = Readonly<Record<BucketRole, string>>;

/** How everything on AWS is called. All of it is known before anything is made, so that a preview can judge every policy document. */
export interface AwsNames {
  readonly buckets: { readonly home: BucketPair; readonly replica: BucketPair; readonly trail: string };
  /** Users, and the role of the replication. */
  readonly actors: Readonly<Record<Actor, string>>;
  /** Of the key in each region. */
  readonly keyAlias: string;
  readonly trail: string;
}

/** @param prefix Sets apart the environments that share an account: cluster.prefix. */
export function awsNames(prefix: string, { buckets }: Pick<AwsOffsiteSettings, "buckets">): AwsNames {
  const { backups, catalogue } = buckets;
  const offsite = `${prefix}-offsite`;
  return {
    buckets: {
      home: { backups, catalogue },
      replica: { backups: `${backups}-replica`, catalogue: `${catalogue}-replica` },
      trail: `${backups}-trail`,
    },
    actors: {
      backups: `${offsite}-backups`,
      catalogue: `${offsite}-catalogue`,
      reader: `${offsite}-reader`,
      replication: `${offsite}-replication`,
    },
    keyAlias: `alias/${offsite}`,
    trail: offsite,
  };
}

/** @param kind Of an identity in an account: "user" or "role". */
export function identityArn(account: string, kind: "user" | "role", name: string): string {
  return `arn:aws:iam::${account}:${kind}/${name}`;
}

export function trailArn(account: string, region: string, name: string): string {
  return `arn:aws:cloudtrail:${region}:${account}:trail/${name}`;
}

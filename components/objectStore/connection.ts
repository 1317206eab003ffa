import type * as pulumi from "@pulumi/pulumi";

/** A bucket and the one user that may use it. */
export interface BucketLogin {
  readonly bucket: string;
  readonly accessKey: pulumi.Output<string>;
  readonly secretKey: pulumi.Output<string>;
}

/** URL of S3 itself in a region. */
export function awsEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com`;
}

/** Backups and records for those who only read them. */
export interface ReadingConnection extends Pick<
  ObjectStoreConnection,
  "endpoint" | "region" | "addressing" | "caCertificate" | "backups" | "catalogue" | "ready"
> {
  /** Buckets of which the backups are copies, with a user that reads them. @default nobody may look */
  readonly originals: readonly BucketLogin[];
  /** Its user can write nothing but its own folder of the locked buckets, where it may also try to delete. */
  readonly confined: boolean;
}

/** What a client of the object store needs to know; MinIO and S3 offer this and nothing else. */
export interface ObjectStoreConnection {
  /** URL with scheme and port: https://... */
  readonly endpoint: pulumi.Output<string>;
  readonly region: string;
  /** Buckets as a path of the URL (MinIO) or as its host (S3). */
  readonly addressing: "path" | "virtual";
  /** PEM of the authority that signed the server's certificate; undefined when a public one did. */
  readonly caCertificate: pulumi.Output<string> | undefined;
  /** Dify's files and keys. */
  readonly dify: BucketLogin;
  /** Plugin packages and their storage. */
  readonly plugins: BucketLogin;
  /** Locked: pgBackRest repository and all other backups. */
  readonly backups: BucketLogin;
  /** Locked: records of the coordinated backups. */
  readonly catalogue: BucketLogin;
  /** Clients depend on it. */
  readonly ready: pulumi.Input<pulumi.Resource>[];
}

import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../config/cluster.ts";
import type { MinioSettings, ObjectStoreSettings, S3Settings } from "../../config/objectStore.ts";
import type { SecretName } from "../../config/secrets.ts";
import type { CertificateAuthority } from "../network/certificates.ts";
import { BucketBootstrap } from "./bootstrap.ts";
import { declaredBuckets, edgeBucketName, edgeBuckets, userSecrets, type BucketRole } from "./buckets.ts";
import { edgeSecretKey } from "./edgeKeys.ts";
import { awsEndpoint, type BucketLogin, type ObjectStoreConnection, type ReadingConnection } from "./connection.ts";
import { drillsUser } from "./drillsPolicy.ts";
import { Minio } from "./minio.ts";

/** Secrets used: those of `userSecrets`; with MinIO also drillObjectsKey, objectStoreRootPassword and objectStoreEncryptionKey, and edgeKey when there are edge sites. */
export interface ObjectStoreCredentials {
  password(name: SecretName): pulumi.Output<string>;
  /** Base64 of 32 bytes. */
  key(name: SecretName): pulumi.Output<string>;
}

export interface ObjectStoreArgs {
  readonly cluster: ClusterSettings;
  /** Namespace of the servers; used by the backend "minio". */
  readonly namespace: pulumi.Input<string>;
  readonly settings: ObjectStoreSettings;
  /** Signs the certificate of the servers. */
  readonly authority: CertificateAuthority;
  readonly credentials: ObjectStoreCredentials;
  /** Names of the edge sites, which get a bucket each; used by the backend "minio". @default none */
  readonly edges?: readonly string[];
}

const drillsSecret = "drillObjectsKey" satisfies SecretName;

const roles: readonly BucketRole[] = ["dify", "plugins", "backups", "catalogue"];

/**
 * Where files and backups lie: MinIO over the zones with buckets and users of its own, or S3, where they exist.
 * @example const { connection } = new ObjectStore("object-store", { cluster, namespace, settings, authority, credentials });
 */
export class ObjectStore extends pulumi.ComponentResource {
  readonly connection: ObjectStoreConnection;
  /** For drills, which must not be able to change a backup. In buckets that exist elsewhere there is no user of theirs. */
  readonly reading: ReadingConnection;

  /** @param name The Job that makes buckets is called `NAME-bootstrap`; the servers are always called "minio". */
  constructor(name: string, args: ObjectStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super("dify-ha:objectStore:ObjectStore", name, { settings: args.settings }, opts);
    const { settings } = args;
    this.connection =
      settings.backend === "s3" ? s3Connection(settings, args.credentials) : this.withMinio(name, settings, args);
    this.reading = reading(settings, this.connection, args.credentials);
    this.registerOutputs({ endpoint: this.connection.endpoint });
  }

  private withMinio(name: string, settings: MinioSettings, args: ObjectStoreArgs): ObjectStoreConnection {
    const { cluster, namespace, authority, credentials, edges = [] } = args;
    const buckets = declaredBuckets(settings, edges);
    const userKeys = byRole((role) => credentials.password(userSecrets[role]));
    const minio = new Minio(
      "minio",
      {
        cluster,
        namespace,
        settings,
        authority,
        rootPassword: credentials.password("objectStoreRootPassword"),
        encryptionKey: credentials.key("objectStoreEncryptionKey"),
      },
      { parent: this },
    );
    const bootstrap = new BucketBootstrap(
      `${name}-bootstrap`,
      {
        cluster,
        namespace,
        settings,
        endpoint: minio.endpoint,
        buckets: [...Object.values(buckets), ...edgeBuckets(edges, settings.retention)],
        tried: buckets,
        userKeys: {
          [drillsUser]: credentials.password(drillsSecret),
          ...Object.fromEntries(roles.map((role) => [buckets[role].user, userKeys[role]])),
          ...Object.fromEntries(
            edges.map((edge) => [edgeBucketName(edge), edgeSecretKey(credentials.password("edgeKey"), edge)]),
          ),
        },
        administrator: minio.secret,
        authority: authority.certificate,
        after: minio.ready,
      },
      { parent: this },
    );
    return {
      endpoint: pulumi.output(minio.endpoint),
      region: "us-east-1",
      addressing: "path",
      caCertificate: authority.certificate,
      ...byRole((role) => login(buckets[role].name, buckets[role].user, userKeys[role])),
      ready: [...minio.ready, bootstrap.job],
    };
  }
}

function s3Connection(settings: S3Settings, credentials: ObjectStoreCredentials): ObjectStoreConnection {
  const { region, endpoint, addressing } = settings;
  return {
    endpoint: pulumi.output(endpoint === undefined ? awsEndpoint(region) : `https://${endpoint}`),
    region,
    addressing,
    caCertificate: undefined,
    ...byRole((role) =>
      login(settings[role].bucket, settings[role].accessKey, credentials.password(userSecrets[role])),
    ),
    ready: [],
  };
}

function reading(
  { backend }: ObjectStoreSettings,
  connection: ObjectStoreConnection,
  credentials: ObjectStoreCredentials,
): ReadingConnection {
  if (backend === "s3") return { ...connection, originals: [], confined: false };
  const as = ({ bucket }: BucketLogin) => login(bucket, drillsUser, credentials.password(drillsSecret));
  return {
    ...connection,
    backups: as(connection.backups),
    catalogue: as(connection.catalogue),
    originals: [as(connection.dify), as(connection.plugins)],
    confined: true,
  };
}

function login(bucket: string, accessKey: string, secretKey: pulumi.Output<string>): BucketLogin {
  return { bucket, accessKey: pulumi.output(accessKey), secretKey };
}

function byRole<T>(make: (role: BucketRole) => T): Readonly<Record<BucketRole, T>> {
  return Object.fromEntries(roles.map((role) => [role, make(role)])) as Record<BucketRole, T>;
}

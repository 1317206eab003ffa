import { bootstrapFiles } from "../../components/objectStore/bootstrap.ts";
import { declaredBuckets, edgeBuckets } from "../../components/objectStore/buckets.ts";
import { drillsUser } from "../../components/objectStore/drillsPolicy.ts";
import { derivedKeys } from "../../components/objectStore/edgeKeys.ts";
import { paths } from "../../components/postgres/layout.ts";
import type { RepositoryPlace } from "../../components/postgres/pgbackrestConfig.ts";
import { objectStoreSettings, type MinioSettings } from "../../config/objectStore.ts";
import type { DebianResult } from "../../local/debian/run.ts";
import type { RunningProgram } from "./debian.ts";
import type { NamedNetwork } from "./namedNetwork.ts";
import { addressOf, areas, storeHosts } from "./postgresSample.ts";
import type { Certificate } from "./servers/certificates.ts";
import { mountsOf } from "./servers/server.ts";

const settings = objectStoreSettings.parse({ retention: { backupDays: 1, catalogueDays: 1 } }) as MinioSettings;
const encryption = "test-key";
const bucketsOf = (edges: readonly string[]) =>
  Object.fromEntries(
    Object.entries(declaredBuckets(settings, edges)).map(([role, bucket]) => [role, { ...bucket, encryption }]),
  ) as ReturnType<typeof declaredBuckets>;

/** Its buckets, as the program makes them. */
export const storeBuckets = bucketsOf([]);

/** From which the keys of edge sites are derived. */
export const edgeKey = "a password of edgeKey";

/** The bucket of backups, its one user, and that user's secret key. */
export const backups = {
  bucket: storeBuckets.backups.name,
  accessKey: "backups",
  secretKey: "secret-key-of-backups",
} as const;

const administrator = { user: "administrator", password: "password-of-the-store" } as const;

/** How pgBackRest finds the store of a site. */
export function placeOf(host: (typeof storeHosts)[number], index: number): RepositoryPlace {
  return {
    endpoint: `https://${host}:9000`,
    bucket: backups.bucket,
    region: "us-east-1",
    addressing: "path",
    authorityFile: `${paths.repositoryAuthorities}/repo${index + 1}.crt`,
  };
}

/** What the members' pgBackRest reads from the environment. */
export function repositoryEnv(sites: number): Record<string, string> {
  const keys = Array.from({ length: sites }, (_, i) => ({
    [`PGBACKREST_REPO${i + 1}_S3_KEY`]: backups.accessKey,
    [`PGBACKREST_REPO${i + 1}_S3_KEY_SECRET`]: backups.secretKey,
    [`PGBACKREST_REPO${i + 1}_CIPHER_PASS`]: `pass phrase of repository ${i + 1}`,
  }));
  return Object.assign({ PGBACKREST_CONFIG: `${paths.repository}/pgbackrest.conf` }, ...keys) as Record<string, string>;
}

/** A site's object store in a network: MinIO with TLS and KMS, its buckets and users made by the program's own bootstrap. */
export class BackupStore {
  readonly host: (typeof storeHosts)[number];
  private readonly network: NamedNetwork;
  private readonly certificate: Certificate;
  private readonly address: string;

  constructor(network: NamedNetwork, certificate: Certificate, index: 0 | 1) {
    this.network = network;
    this.certificate = certificate;
    this.host = storeHosts[index];
    this.address = addressOf(areas.stores, index);
  }

  /**
   * @param edges Names of edge sites.
   * @param folder Of the host, where its data stays when it ends. @default they go with it
   */
  async start(edges: readonly string[] = [], folder?: string): Promise<RunningProgram> {
    const { certificate, key } = this.certificate;
    const server = this.network.start(this.host, {
      argv: ["minio", "server", `--address=${this.address}:9000`, "--certs-dir=/etc/test/certs", "/var/lib/minio"],
      env: {
        MINIO_ROOT_USER: administrator.user,
        MINIO_ROOT_PASSWORD: administrator.password,
        MINIO_KMS_SECRET_KEY: `test-key:${Buffer.alloc(32, 7).toString("base64")}`,
        MINIO_BROWSER: "off",
      },
      files: { "/etc/test/certs/public.crt": certificate, "/etc/test/certs/private.key": key },
      mounts: mountsOf("minio"),
      ...(folder !== undefined && { folders: { "/var/lib/minio": folder } }),
    });
    await server.printed(/API: http/, 120);
    const ofEdges = edgeBuckets(edges, settings.retention).map((bucket) => ({ ...bucket, encryption }));
    const buckets = bucketsOf(edges);
    const declared = Object.values(buckets);
    const files = Object.entries(bootstrapFiles([...declared, ...ofEdges], buckets)).map(([name, text]) => [
      `/buckets/${name}`,
      text,
    ]);
    const made = await this.network.run({
      timeoutSeconds: 200,
      argv: ["sh", "/buckets/bootstrap.sh"],
      env: { ENDPOINT: `https://${this.host}:9000`, MC_CONFIG_DIR: "/tmp/mc" },
      files: {
        ...(Object.fromEntries(files) as Record<string, string>),
        "/authority/ca.crt": this.certificate.authority,
        "/administrator/user": administrator.user,
        "/administrator/password": administrator.password,
        [`/users/${drillsUser}`]: `secret-key-of-${drillsUser}`,
        ...Object.fromEntries(declared.map(({ user }) => [`/users/${user}`, `secret-key-of-${user}`])),
        ...Object.fromEntries(edges.map((edge) => [`/users/edge-${edge}`, derivedKeys(edgeKey, edge).secretKey])),
      },
    });
    if (made.exitCode !== 0) throw new Error(made.stderr);
    return server;
  }

  /** Puts an object as Dify does: by boto3, in one request. */
  put(bucket: string, key: string, text: string, user: string): Promise<DebianResult> {
    return this.network.run({
      argv: ["python3", "-c", putObject, `https://${this.host}:9000`, bucket, key, text],
      env: {
        AWS_ACCESS_KEY_ID: user,
        AWS_SECRET_ACCESS_KEY: `secret-key-of-${user}`,
        AWS_DEFAULT_REGION: "us-east-1",
        AWS_CA_BUNDLE: "/etc/test/ca.crt",
      },
      files: { "/etc/test/ca.crt": this.certificate.authority },
    });
  }

  /**
   * Runs mc; "store" is the alias.
   * @param options.user Its access key. @default the administrator
   * @param options.secretKey @default the one it has in tests
   */
  mc(
    args: readonly string[],
    { user, stdin, secretKey = `secret-key-of-${user}` }: { user?: string; stdin?: string; secretKey?: string } = {},
  ): Promise<DebianResult> {
    const login = user ? `${user}:${secretKey}` : `${administrator.user}:${administrator.password}`;
    return this.network.run({
      argv: ["mc", ...args],
      env: { MC_HOST_store: `https://${login}@${this.host}:9000` },
      files: { "/root/.mc/certs/CAs/test.crt": this.certificate.authority },
      ...(stdin !== undefined && { stdin }),
    });
  }
}

const putObject = `
import sys, boto3
endpoint, bucket, key, text = sys.argv[1:]
boto3.client("s3", endpoint_url=endpoint).put_object(Bucket=bucket, Key=key, Body=text.encode())
`;

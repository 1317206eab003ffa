import * as pulumi from "@pulumi/pulumi";
import { Backup } from "../../components/backup/backup.ts";
import { Drills } from "../../components/drills/drills.ts";
import { CertificateAuthority } from "../../components/network/certificates.ts";
import type { ObjectStoreConnection, ReadingConnection } from "../../components/objectStore/connection.ts";
import { drillsUser } from "../../components/objectStore/drillsPolicy.ts";
import { figuresOf } from "../../components/observability/figures.ts";
import { Postgres } from "../../components/postgres/postgres.ts";
import { Redis } from "../../components/redis/redis.ts";
import { VectorStore } from "../../components/vectorStore/vectorStore.ts";
import { backupSettings } from "../../config/backup.ts";
import { drillsSettings } from "../../config/drills.ts";
import { networkSettings } from "../../config/network.ts";
import { observabilitySettings } from "../../config/observability.ts";
import { redisSettings } from "../../config/redis.ts";
import { vectorStoreSettings } from "../../config/vectorStore.ts";
import { storeBuckets } from "./backupStore.ts";
import { declare, type Declared } from "./mocks.ts";
import { cluster, passwords, smallSettings, storeHosts } from "./postgresSample.ts";

/** Secrets, as the parts of a cluster under test have them. */
const known: Readonly<Record<string, string>> = {
  poolerAdminPassword: passwords.poolerAdmin,
  pgbackrestCipher: "pass phrase of repository 1",
  offsiteCipher: "pass phrase of repository 2",
};

function connection(host: string, authority: string): ObjectStoreConnection {
  const login = ({ name: bucket, user }: { readonly name: string; readonly user: string }) => ({
    bucket,
    accessKey: pulumi.output(user),
    secretKey: pulumi.secret(`secret-key-of-${user}`),
  });
  return {
    endpoint: pulumi.output(`https://${host}:9000`),
    region: "us-east-1",
    addressing: "path",
    caCertificate: pulumi.output(authority),
    dify: login(storeBuckets.dify),
    plugins: login(storeBuckets.plugins),
    backups: login(storeBuckets.backups),
    catalogue: login(storeBuckets.catalogue),
    ready: [],
  };
}

/** The same for drills. */
function reading(store: ObjectStoreConnection): ReadingConnection {
  const as = ({ bucket }: { readonly bucket: string }) => ({
    bucket,
    accessKey: pulumi.output(drillsUser),
    secretKey: pulumi.secret(`secret-key-of-${drillsUser}`),
  });
  const originals = [as(store.dify), as(store.plugins)];
  return { ...store, backups: as(store.backups), catalogue: as(store.catalogue), originals, confined: true };
}

export interface BackupSample {
  /** PEM of who signed the stores' certificates. */
  readonly authority?: string;
  readonly sites?: 1 | 2;
  readonly postgres?: Record<string, unknown>;
  readonly backup?: Record<string, unknown>;
  readonly vectorStore?: Record<string, unknown>;
  /** Settings of drills. @default no drills */
  readonly drills?: Record<string, unknown> | undefined;
  /** Whether jobs tell their figures. @default false */
  readonly figures?: boolean | undefined;
}

/** Postgres and all backups, as the program declares them for the network of a cluster under test. */
export function declareBackups({ authority = "a PEM", sites = 2, ...changes }: BackupSample = {}): Promise<Declared[]> {
  return declare(() => {
    const credentials = { password: (name: string) => pulumi.secret(known[name] ?? `a password of ${name}`) };
    const observability = { backend: changes.figures ? "operator" : "none" };
    const figures = figuresOf({ cluster, observability: observabilitySettings.parse(observability) });
    const [objectStore, second] = storeHosts.map((host) => connection(host, authority));
    if (!objectStore) throw new Error("no store");
    const common = {
      cluster,
      namespace: "dify-data",
      credentials,
      objectStore,
      offsite: sites > 1 ? second : undefined,
    };
    const { backup, connection: database } = new Postgres("postgres", {
      ...common,
      settings: smallSettings(changes.postgres),
      authority: new CertificateAuthority("dify", { settings: networkSettings.parse({}).certificates }),
      clients: [],
    });
    const redis = new Redis("redis", { ...common, settings: redisSettings.parse({}) });
    const vectorStore = new VectorStore("vector-store", {
      ...common,
      settings: vectorStoreSettings.parse(changes.vectorStore),
      postgres: database,
      key: () => credentials.password("vectorStoreKey"),
    });
    new Backup("backup", {
      ...common,
      namespaces: { app: "dify", data: "dify-data", sandbox: "dify-sandbox" },
      settings: backupSettings.parse(changes.backup ?? {}),
      postgres: backup,
      redis: redis.backup,
      vectorStore: vectorStore.backup,
      difyVersion: "1.15.0",
      authority: pulumi.output("PEM of the stack"),
      keys: { difySecretKey: pulumi.secret("what Dify encrypts with") },
      figures,
    });
    if (changes.drills && backup)
      new Drills("drills", {
        cluster,
        namespace: "dify-drills",
        dataNamespace: "dify-data",
        settings: drillsSettings.parse(changes.drills),
        backup: backupSettings.parse(changes.backup ?? {}),
        objectStore: reading(objectStore),
        offsite: sites > 1 && second ? reading(second) : undefined,
        postgres: backup,
        redis: redis.backup,
        difyBucket: storeBuckets.dify.name,
        keys: { difySecretKey: pulumi.secret("what Dify encrypts with") },
        figures,
        credentials,
      });
  });
}

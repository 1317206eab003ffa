import * as pulumi from "@pulumi/pulumi";
import { Backup } from "../../components/backup/backup.ts";
import { CertificateAuthority } from "../../components/network/certificates.ts";
import type { ObjectStoreConnection } from "../../components/objectStore/connection.ts";
import { Postgres } from "../../components/postgres/postgres.ts";
import { Redis } from "../../components/redis/redis.ts";
import { backupSettings } from "../../config/backup.ts";
import { networkSettings } from "../../config/network.ts";
import { redisSettings } from "../../config/redis.ts";
import { backups } from "./backupStore.ts";
import { declare, type Declared } from "./mocks.ts";
import { cluster, smallSettings, storeHosts } from "./postgresSample.ts";

/** Pass phrases, as the members of a cluster under test have them. */
const ciphers: Readonly<Record<string, string>> = {
  pgbackrestCipher: "pass phrase of repository 1",
  offsiteCipher: "pass phrase of repository 2",
};

function connection(host: string, authority: string): ObjectStoreConnection {
  const login = (bucket: string) => ({
    bucket,
    accessKey: pulumi.output(backups.accessKey),
    secretKey: pulumi.secret(backups.secretKey),
  });
  return {
    endpoint: pulumi.output(`https://${host}:9000`),
    region: "us-east-1",
    addressing: "path",
    caCertificate: pulumi.output(authority),
    dify: login("dify-files"),
    plugins: login("dify-plugins"),
    backups: login(backups.bucket),
    catalogue: login("dify-catalogue"),
    ready: [],
  };
}

export interface BackupSample {
  /** PEM of who signed the stores' certificates. */
  readonly authority?: string;
  readonly sites?: 1 | 2;
  readonly postgres?: Record<string, unknown>;
  readonly backup?: Record<string, unknown>;
}

/** Postgres and all backups, as the program declares them for the network of a cluster under test. */
export function declareBackups({ authority = "a PEM", sites = 2, ...changes }: BackupSample = {}): Promise<Declared[]> {
  return declare(() => {
    const credentials = { password: (name: string) => pulumi.secret(ciphers[name] ?? `a password of ${name}`) };
    const [objectStore, second] = storeHosts.map((host) => connection(host, authority));
    if (!objectStore) throw new Error("no store");
    const common = {
      cluster,
      namespace: "dify-data",
      credentials,
      objectStore,
      offsite: sites > 1 ? second : undefined,
    };
    const { backup } = new Postgres("postgres", {
      ...common,
      settings: smallSettings(changes.postgres),
      authority: new CertificateAuthority("dify", { settings: networkSettings.parse({}).certificates }),
      clients: [],
    });
    const redis = new Redis("redis", { ...common, settings: redisSettings.parse({}) });
    new Backup("backup", {
      ...common,
      settings: backupSettings.parse(changes.backup ?? {}),
      postgres: backup,
      redis: redis.backup,
    });
  });
}

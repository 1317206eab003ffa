import * as k8s from "@pulumi/kubernetes";
import { Backup } from "./components/backup/backup.ts";
import type { RecoveryKeys } from "./components/backup/keys.ts";
import { Credentials } from "./components/credentials.ts";
import { Dify } from "./components/dify/dify.ts";
import { databaseClients } from "./components/dify/databaseClients.ts";
import { Network } from "./components/network/network.ts";
import { ObjectStore } from "./components/objectStore/objectStore.ts";
import type { OffsiteConnection } from "./components/offsite/connection.ts";
import { Offsite } from "./components/offsite/offsite.ts";
import { backupsFolder } from "./components/postgres/pgbackrestConfig.ts";
import { Postgres } from "./components/postgres/postgres.ts";
import { Redis } from "./components/redis/redis.ts";
import { VectorStore } from "./components/vectorStore/vectorStore.ts";
import type { Settings } from "./config/settings.ts";
import { stackSettings } from "./config/stack.ts";
import type { StackOutputs } from "./outputs.ts";

/** The whole stack: settings are checked first, then each part gets its settings and the connections of what it needs. */
export default function program(): StackOutputs {
  const settings = stackSettings();
  const { cluster } = settings;
  const provider = new k8s.Provider("cluster", {
    ...(cluster.context !== undefined && { context: cluster.context }),
    // In place, and the readers roll by a checksum: replacing what has a fixed name would take its readers down first.
    enableConfigMapMutable: true,
    enableSecretMutable: true,
  });
  const options = { providers: [provider] };

  const credentials = new Credentials("credentials", { protect: cluster.protect });
  const { namespaces, authority } = new Network("network", { settings }, options);
  const common = { cluster, namespace: namespaces.data };

  const objectStore = new ObjectStore(
    "object-store",
    { ...common, settings: settings.objectStore, authority, credentials },
    options,
  ).connection;
  const offsite = new Offsite("offsite", { cluster, settings: settings.offsite, credentials }, options).connection;
  const { connection: postgres, backup: postgresBackup } = new Postgres(
    "postgres",
    {
      ...common,
      settings: settings.postgres,
      authority,
      credentials,
      objectStore,
      offsite,
      clients: databaseClients(settings),
    },
    options,
  );
  const { connection: redis, backup: redisBackup } = new Redis(
    "redis",
    { ...common, settings: settings.redis, credentials },
    options,
  );
  const vectorStore = new VectorStore(
    "vector-store",
    { ...common, settings: settings.vectorStore, postgres, key: () => credentials.password("vectorStoreKey") },
    options,
  ).connection;

  const secretKey = credentials.password("difySecretKey", 48);
  new Backup(
    "backup",
    {
      ...common,
      settings: settings.backup,
      credentials,
      objectStore,
      offsite,
      postgres: postgresBackup,
      redis: redisBackup,
      difyVersion: settings.dify.version,
      authority: authority.certificate,
      keys: { difySecretKey: secretKey, ...storageKeys(settings, credentials) },
    },
    options,
  );

  const dify = new Dify(
    "dify",
    {
      cluster,
      namespaces,
      settings: settings.dify,
      host: settings.network.host,
      connections: { postgres, redis, objectStore, vectorStore },
      keys: {
        secretKey,
        pluginDaemon: credentials.password("pluginDaemonKey"),
        pluginInner: credentials.password("pluginInnerKey"),
        sandbox: credentials.password("sandboxKey"),
        ...(settings.dify.agent.enabled && {
          agent: {
            backend: credentials.password("agentBackendToken"),
            sandbox: credentials.password("agentSandboxToken"),
            server: credentials.key("agentServerKey"),
          },
        }),
      },
    },
    options,
  );

  return {
    url: dify.url,
    difyVersion: settings.dify.version,
    ...(cluster.context !== undefined && { clusterContext: cluster.context }),
    appNamespace: namespaces.app,
    dataNamespace: namespaces.data,
    sandboxNamespace: namespaces.sandbox,
    postgresHost: postgres.host,
    postgresPort: postgres.port,
    difyDatabase: postgres.dify.database,
    difyDatabaseUser: postgres.dify.user,
    difyDatabasePassword: postgres.dify.password,
    pluginDatabase: postgres.plugin.database,
    pluginDatabaseUser: postgres.plugin.user,
    pluginDatabasePassword: postgres.plugin.password,
    redisHost: redis.host,
    redisPort: redis.port,
    redisPassword: redis.password,
    objectStoreEndpoint: objectStore.endpoint,
    objectStoreRegion: objectStore.region,
    objectStoreAddressing: objectStore.addressing,
    difyBucket: objectStore.dify.bucket,
    pluginBucket: objectStore.plugins.bucket,
    backupBucket: objectStore.backups.bucket,
    backupAccessKey: objectStore.backups.accessKey,
    backupSecretKey: objectStore.backups.secretKey,
    catalogueBucket: objectStore.catalogue.bucket,
    catalogueAccessKey: objectStore.catalogue.accessKey,
    catalogueSecretKey: objectStore.catalogue.secretKey,
    ...(settings.postgres.backend === "patroni" && { postgresBackups: backupsFolder }),
    ...(offsite && offsiteOutputs(offsite)),
    vectorStore: settings.vectorStore.kind,
    certificateAuthority: authority.certificate,
    difySecretKey: secretKey,
  };
}

/** What data at rest and backups are encrypted with. */
function storageKeys({ postgres, objectStore, offsite }: Settings, credentials: Credentials): RecoveryKeys {
  return {
    backupCipher: credentials.password("backupCipher"),
    ...(postgres.backend === "patroni" && { pgbackrestCipher: credentials.password("pgbackrestCipher") }),
    ...(objectStore.backend === "minio" && { objectStoreEncryptionKey: credentials.key("objectStoreEncryptionKey") }),
    ...(offsite.backend !== "none" && { offsiteCipher: credentials.password("offsiteCipher") }),
  };
}

const offsiteOutputs = ({ endpoint, region, addressing, caCertificate, catalogue }: OffsiteConnection) => ({
  offsiteEndpoint: endpoint,
  offsiteRegion: region,
  offsiteAddressing: addressing,
  ...(caCertificate && { offsiteCertificateAuthority: caCertificate }),
  offsiteCatalogueBucket: catalogue.bucket,
  offsiteCatalogueAccessKey: catalogue.accessKey,
  offsiteCatalogueSecretKey: catalogue.secretKey,
});

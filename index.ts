import * as k8s from "@pulumi/kubernetes";
import { backupAges } from "./components/backup/ages.ts";
import { Backup } from "./components/backup/backup.ts";
import type { RecoveryKeys } from "./components/backup/keys.ts";
import { Credentials } from "./components/credentials.ts";
import { Drills } from "./components/drills/drills.ts";
import { Dify } from "./components/dify/dify.ts";
import { databaseClients } from "./components/dify/databaseClients.ts";
import { meshTransformation } from "./components/network/mesh.ts";
import { namespaceNames } from "./components/network/namespaces.ts";
import { Network } from "./components/network/network.ts";
import { ObjectStore } from "./components/objectStore/objectStore.ts";
import type { OffsiteConnection } from "./components/offsite/connection.ts";
import { Offsite } from "./components/offsite/offsite.ts";
import { backupsFolder } from "./components/postgres/pgbackrestConfig.ts";
import { ownAlertmanager } from "./components/observability/bundled/layout.ts";
import { BundledMonitoring } from "./components/observability/bundled/monitoring.ts";
import { figuresOf } from "./components/observability/figures.ts";
import { Notices, operatedAlertmanager } from "./components/observability/notices.ts";
import { OperatorMonitoring } from "./components/observability/operator.ts";
import { Pushgateway } from "./components/observability/pushgateway.ts";
import { Postgres } from "./components/postgres/postgres.ts";
import { Redis } from "./components/redis/redis.ts";
import { VectorStore } from "./components/vectorStore/vectorStore.ts";
import { hasNotices } from "./config/notices.ts";
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

  const { connection: objectStore, reading: objectReading } = new ObjectStore(
    "object-store",
    {
      ...common,
      settings: settings.objectStore,
      authority,
      credentials,
      edges: settings.backup.edge.sites.map((site) => site.name),
    },
    options,
  );
  const { connection: offsite, reading: offsiteReading } = new Offsite(
    "offsite",
    { cluster, settings: settings.offsite, credentials },
    options,
  );
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
  const { connection: vectorStore, backup: vectorBackup } = new VectorStore(
    "vector-store",
    { ...common, settings: settings.vectorStore, postgres, key: () => credentials.password("vectorStoreKey") },
    options,
  );

  const secretKey = credentials.password("difySecretKey", 48);
  const recoveryKeys = { difySecretKey: secretKey, ...storageKeys(settings, credentials) };
  const figures = figuresOf(settings);
  new Backup(
    "backup",
    {
      ...common,
      namespaces: { app: namespaces.app, data: namespaces.data, sandbox: namespaces.sandbox },
      settings: settings.backup,
      credentials,
      objectStore,
      offsite,
      postgres: postgresBackup,
      redis: redisBackup,
      vectorStore: vectorBackup,
      difyVersion: settings.dify.version,
      authority: authority.certificate,
      keys: recoveryKeys,
      figures,
    },
    options,
  );

  const drilled = settings.drills.enabled && postgresBackup;
  if (drilled)
    new Drills(
      "drills",
      {
        cluster,
        namespace: namespaces.drills,
        dataNamespace: namespaces.data,
        settings: settings.drills,
        backup: settings.backup,
        objectStore: objectReading,
        offsite: offsiteReading,
        postgres: drilled,
        redis: redisBackup,
        difyBucket: objectStore.dify.bucket,
        keys: recoveryKeys,
        figures,
        credentials,
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
    { ...options, ...(settings.network.mesh === "istio" && { transformations: [meshTransformation(settings)] }) },
  );

  if (settings.observability.backend !== "none")
    new Pushgateway("pushgateway", { ...common, settings: settings.observability.pushgateway }, options);
  if (settings.observability.backend === "operator") {
    new OperatorMonitoring(
      "monitoring",
      { settings, operator: settings.observability, namespaces, authority: authority.certificate },
      options,
    );
    if (hasNotices(settings.notices))
      new Notices("notices", { ...common, settings: settings.notices, credentials }, options);
  }
  if (settings.observability.backend === "bundled")
    new BundledMonitoring(
      "monitoring",
      { settings, bundled: settings.observability, namespaces, authority, credentials },
      options,
    );

  return {
    url: dify.url,
    difyVersion: settings.dify.version,
    ...(cluster.context !== undefined && { clusterContext: cluster.context }),
    appNamespace: namespaces.app,
    dataNamespace: namespaces.data,
    sandboxNamespace: namespaces.sandbox,
    ...(drilled && { drillsNamespace: namespaces.drills }),
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
    ...backupAges(settings),
    ...alertmanagerOutput(settings),
    vectorStore: settings.vectorStore.kind,
    certificateAuthority: authority.certificate,
    difySecretKey: secretKey,
  };
}

/** Where notices are sent from. */
function alertmanagerOutput({ cluster, network, notices, observability }: Settings): Partial<StackOutputs> {
  if (observability.backend === "bundled")
    return { alertmanagerEndpoint: ownAlertmanager(namespaceNames(cluster).data) };
  return hasNotices(notices) && network.monitoringNamespace
    ? { alertmanagerEndpoint: operatedAlertmanager(network.monitoringNamespace) }
    : {};
}

/** What data at rest and backups are encrypted with. */
function storageKeys({ postgres, objectStore, offsite, backup }: Settings, credentials: Credentials): RecoveryKeys {
  return {
    backupCipher: credentials.password("backupCipher"),
    ...(postgres.backend === "patroni" && { pgbackrestCipher: credentials.password("pgbackrestCipher") }),
    ...(objectStore.backend === "minio" && { objectStoreEncryptionKey: credentials.key("objectStoreEncryptionKey") }),
    ...(backup.edge.sites.length > 0 && { edgeKey: credentials.password("edgeKey") }),
    ...(offsite.backend !== "none" && { offsiteCipher: credentials.password("offsiteCipher") }),
  };
}

const offsiteOutputs = ({ endpoint, region, addressing, caCertificate, catalogue, backups }: OffsiteConnection) => ({
  offsiteEndpoint: endpoint,
  offsiteRegion: region,
  offsiteAddressing: addressing,
  ...(caCertificate && { offsiteCertificateAuthority: caCertificate }),
  offsiteCatalogueBucket: catalogue.bucket,
  offsiteCatalogueAccessKey: catalogue.accessKey,
  offsiteCatalogueSecretKey: catalogue.secretKey,
  offsiteBackupBucket: backups.bucket,
  offsiteBackupAccessKey: backups.accessKey,
  offsiteBackupSecretKey: backups.secretKey,
});

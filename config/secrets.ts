import { z } from "zod";

const secret = (minimum = 16) => z.string().min(minimum).optional();

/** Becomes part of URLs and of proxies' configuration. */
const plainSecret = z
  .string()
  .min(16)
  .regex(/^[A-Za-z0-9]+$/, "must be letters and digits")
  .optional();

/**
 * Secrets that may be given (`pulumi config set --secret secrets:NAME`); what is left out is generated once and kept in the
 * stack's encrypted state.
 */
export const secretNames = z.strictObject({
  /** Owner of the database of the Dify API. */
  difyDatabasePassword: secret(),
  /** Owner of the database of the plugin daemon. */
  pluginDatabasePassword: secret(),
  /** Role with which PgBouncer looks up other roles. */
  poolerPassword: secret(),
  /** PgBouncer's console: PAUSE and RESUME during a coordinated backup. */
  poolerAdminPassword: secret(),
  /** What changes the cluster through Patroni's REST API shows it, beside a certificate. */
  patroniPassword: secret(),
  /** Encryption of pgBackRest's repository in the cluster's object store: without it no base backup there can be read. */
  pgbackrestCipher: secret(),
  /** Encryption of all other backups in the cluster's object store: without it none of them can be read. */
  backupCipher: secret(),
  /** Password of Redis. */
  redisPassword: plainSecret,
  /** Password of the Sentinels. */
  sentinelPassword: plainSecret,
  /** Administrator of MinIO. */
  objectStoreRootPassword: secret(),
  /** Key of MinIO's encryption at rest, base64 of 32 bytes: without it no object can be read. */
  objectStoreEncryptionKey: secret(44),
  /** Secret key for the bucket of Dify's files. */
  difyObjectsKey: secret(),
  /** Secret key for the bucket of plugins. */
  pluginObjectsKey: secret(),
  /** Secret key for the bucket of backups. */
  backupObjectsKey: secret(),
  /** Secret key for the bucket of the backups' records. */
  catalogueObjectsKey: secret(),
  /** Secret key with which drills read backups. */
  drillObjectsKey: secret(),
  /** Secret key for the off-site bucket of backups. */
  offsiteBackupsKey: secret(),
  /** Secret key for the off-site bucket of the backups' records. */
  offsiteCatalogueKey: secret(),
  /** Encryption of what lies off site: without it no backup there can be read. */
  offsiteCipher: secret(),
  /** From it come the pass phrase and the secret key of each edge site: without it no backup of theirs can be read. */
  edgeKey: secret(32),
  /** Velero's repository of volumes' data: unused while it backs up objects alone, but Velero would give it a password that everybody knows. */
  veleroRepository: secret(),
  /** Opens the bundle of secrets at each site, and with it everything else: keep a copy where people find it on the worst day. */
  recoveryPassphrase: secret(),
  /** Dify's SECRET_KEY: signs sessions and file links, encrypts OAuth credentials. */
  difySecretKey: secret(32),
  /** Shared by API and plugin daemon: calls to the daemon. */
  pluginDaemonKey: secret(),
  /** Shared by API and plugin daemon: calls back to the API. */
  pluginInnerKey: secret(),
  /** Shared by API and sandbox. */
  sandboxKey: secret(),
  /** Shared by API and agent back end. */
  agentBackendToken: secret(),
  /** Shared by agent back end and its sandbox. */
  agentSandboxToken: secret(),
  /** Of the agent back end itself: unpadded base64url of exactly 32 bytes. */
  agentServerKey: secret(43),
  /** Of the account "admin" of Grafana, where it runs. */
  grafanaPassword: secret(),
  /** API key, token or password of the vector store. */
  vectorStoreKey: secret(),
});

export type SecretName = keyof z.infer<typeof secretNames>;

import { noticeSecrets, type NoticeSecret } from "../noticeSecrets.ts";
import type { SecretName } from "../secrets.ts";
import type { Settings } from "../settings.ts";

/** A secret that cannot be generated, since somebody else has it. */
export interface RequiredSecret {
  readonly name: SecretName | NoticeSecret;
  /** The setting that asks for it. */
  readonly path: string;
}

/** Secrets that the operator must give: those of servers that are run elsewhere, and of whoever is told of alerts. */
export function requiredSecrets(settings: Partial<Settings>): readonly RequiredSecret[] {
  const { postgres, redis, objectStore, offsite, vectorStore, notices } = settings;
  const of = (path: string, ...names: SecretName[]) => names.map((name) => ({ name, path }));
  return [
    ...(postgres?.backend === "external"
      ? of("postgres.backend", "difyDatabasePassword", "pluginDatabasePassword")
      : []),
    ...(redis?.backend === "external" ? of("redis.backend", "redisPassword") : []),
    ...(objectStore?.backend === "s3"
      ? of("objectStore.backend", "difyObjectsKey", "pluginObjectsKey", "backupObjectsKey", "catalogueObjectsKey")
      : []),
    ...(offsite?.backend === "s3" ? of("offsite.backend", "offsiteBackupsKey", "offsiteCatalogueKey") : []),
    ...(vectorStore?.kind === "milvus" ? of("vectorStore.kind", "vectorStoreKey") : []),
    ...(notices ? noticeSecrets(notices) : []),
  ];
}

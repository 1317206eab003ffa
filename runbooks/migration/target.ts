import { z } from "zod";
import { pluginStorageEnvironment, storageEnvironment } from "../../components/dify/environment/storage.ts";
import { Failure } from "../../local/failure.ts";
import type { RestoreCluster } from "../restore/cluster.ts";
import type { Role } from "./state.ts";

const filled = z.string().min(1, "must not be empty");

/** Secret of the installation's namespace that says where its files go; made by a person. */
const targetSchema = z.strictObject({
  /** URL of the object store, as pods reach it. */
  endpoint: z.url({ protocol: /^https?$/, error: 'must be a URL such as "https://objects.example.com"' }),
  region: filled.default("us-east-1"),
  addressing: z.enum(["path", "virtual"]).default("path"),
  /** PEM of a private authority that signed its certificate. */
  authority: z.string().startsWith("-----BEGIN CERTIFICATE-----", "must be a certificate as PEM").optional(),
  filesBucket: filled,
  filesAccessKey: filled,
  filesSecretKey: filled,
  pluginsBucket: filled.optional(),
  pluginsAccessKey: filled.optional(),
  pluginsSecretKey: filled.optional(),
  /** Bucket, and folder if it has one, of what is archived before anything is changed. */
  archiveBucket: filled,
  archiveAccessKey: filled,
  archiveSecretKey: filled,
});
export type Target = z.infer<typeof targetSchema>;

/** Where pods find the authority. */
export const authorityFolder = "/etc/dify-storage";
export const authorityFile = "object-store.crt";

/** @throws Failure that says which values are missing or wrong. */
export async function readTarget(cluster: RestoreCluster, name: string, roles: readonly Role[]): Promise<Target> {
  const namespace = cluster.namespaces.app;
  const secret = await cluster.present(() => cluster.core.readNamespacedSecret({ name, namespace }));
  if (!secret)
    throw new Failure(
      `There is no Secret ${name} in ${namespace}, which would say where the files go: npm run runbook -- migrate-storage shows how to make it.`,
    );
  const texts = Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]);
  return targetOf(Object.fromEntries(texts) as Record<string, string>, roles, `Secret ${name} in ${namespace}`);
}

export function targetOf(values: Readonly<Record<string, string>>, roles: readonly Role[], place: string): Target {
  const { success, data, error } = targetSchema.safeParse(values);
  const wrong = success ? [] : error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
  const missing = ["pluginsBucket", "pluginsAccessKey", "pluginsSecretKey"].filter((key) => !values[key]);
  if (roles.includes("plugins") && missing.length > 0)
    wrong.push(`${missing.join(", ")}: must be there, as the installation has plugins`);
  if (!data || wrong.length > 0) throw new Failure(`${place} is wrong: ${wrong.join("; ")}.`);
  return data;
}

/** Variables of Dify for its storage, in a ConfigMap and a Secret. */
export interface StorageSettings {
  readonly plain: Readonly<Record<string, string>>;
  readonly secret: Readonly<Record<string, string>>;
}

/** What Dify is told of its storage: by these very settings the files are copied, too. */
export function storageSettings(target: Target, role: Role): StorageSettings {
  const { authority, filesBucket, filesAccessKey, filesSecretKey, pluginsBucket = "" } = target;
  const path = authority && `${authorityFolder}/${authorityFile}`;
  if (role === "files") {
    const dify = { bucket: filesBucket, accessKey: filesAccessKey, secretKey: filesSecretKey };
    return storageEnvironment({ ...target, dify }, path) as StorageSettings;
  }
  const { pluginsAccessKey = "", pluginsSecretKey = "" } = target;
  const plugins = { bucket: pluginsBucket, accessKey: pluginsAccessKey, secretKey: pluginsSecretKey };
  const { plain, secret } = pluginStorageEnvironment({ ...target, plugins }) as StorageSettings;
  return { plain: { ...plain, ...(path && { SSL_CERT_DIR: `${authorityFolder}:/etc/ssl/certs` }) }, secret };
}

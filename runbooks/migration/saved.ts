import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type {
  V1ConfigMap,
  V1Container,
  V1ObjectMeta,
  V1PodSpec,
  V1Secret,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { Failure } from "../../local/failure.ts";
import type { RestoreCluster } from "../restore/cluster.ts";

/** What is needed to have the installation as it was. */
export interface Saved {
  readonly statefulSets: readonly V1StatefulSet[];
  readonly configMaps: readonly V1ConfigMap[];
  readonly secrets: readonly V1Secret[];
}

/** Secret with it: it holds Secrets. */
export const savedName = "storage-migration-saved";
const key = "objects.json.gz";

/** What the API server takes in one object, with a margin. In bytes. */
const largest = 1_000_000;

const sumOf = (packed: Buffer): string => createHash("sha256").update(packed).digest("hex");

/** Keeps the StatefulSets with each ConfigMap and Secret that their pods name. @returns its checksum */
export async function save(cluster: RestoreCluster, statefulSets: readonly V1StatefulSet[]): Promise<string> {
  const saved = await collect(cluster, statefulSets);
  const packed = gzipSync(JSON.stringify(saved));
  if (packed.length > largest)
    throw new Failure(
      `The installation's objects are ${packed.length} bytes, more than one Secret holds: is a large file in one of its ConfigMaps?`,
    );
  await applySecret(cluster, savedName, { [key]: packed });
  await readSaved(cluster, sumOf(packed));
  return sumOf(packed);
}

/** @throws Failure when it is not there any more as it was saved: without it there is no way back. */
export async function readSaved(cluster: RestoreCluster, sum: string | undefined): Promise<Saved> {
  const namespace = cluster.namespaces.app;
  const secret = await cluster.present(() => cluster.core.readNamespacedSecret({ name: savedName, namespace }));
  const packed = Buffer.from(secret?.data?.[key] ?? "", "base64");
  if (sum === undefined || sumOf(packed) !== sum)
    throw new Failure(
      `Secret ${savedName} in ${namespace} does not hold what was saved of the installation, so there would be no way back: prepare again.`,
    );
  return JSON.parse(gunzipSync(packed).toString()) as Saved;
}

export async function collect(cluster: RestoreCluster, statefulSets: readonly V1StatefulSet[]): Promise<Saved> {
  const namespace = cluster.namespaces.app;
  const { core } = cluster;
  const names = statefulSets.map(({ spec }) => referenced(spec?.template.spec));
  const all = (kind: keyof ReturnType<typeof referenced>) => [...new Set(names.flatMap((each) => each[kind]))].sort();
  const read = async <T>(kind: "configMaps" | "secrets", ask: (name: string) => Promise<T>): Promise<T[]> =>
    (await Promise.all(all(kind).map((name) => cluster.present(() => ask(name))))).filter((each) => each !== undefined);
  const configMaps = await read("configMaps", (name) => core.readNamespacedConfigMap({ name, namespace }));
  const secrets = await read("secrets", (name) => core.readNamespacedSecret({ name, namespace }));
  return {
    statefulSets: statefulSets.map(({ metadata, spec }) => ({ metadata: kept(metadata), ...(spec && { spec }) })),
    configMaps: configMaps.map(({ metadata, data, binaryData }) => ({
      metadata: kept(metadata),
      ...(data && { data }),
      ...(binaryData && { binaryData }),
    })),
    secrets: secrets.map(({ metadata, type, data }) => ({
      metadata: kept(metadata),
      ...(type && { type }),
      ...(data && { data }),
    })),
  };
}

/** What is a person's of an object's metadata, not the cluster's. */
function kept({ name, labels, annotations }: V1ObjectMeta = {}): V1ObjectMeta {
  return { ...(name && { name }), ...(labels && { labels }), ...(annotations && { annotations }) };
}

/** ConfigMaps and Secrets that a pod names. */
function referenced(spec: V1PodSpec | undefined): { configMaps: string[]; secrets: string[] } {
  const containers: V1Container[] = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const sources = containers.flatMap(({ envFrom }) => envFrom ?? []);
  const values = containers.flatMap(({ env }) => env ?? []).flatMap(({ valueFrom }) => valueFrom ?? []);
  const volumes = spec?.volumes ?? [];
  const projected = volumes.flatMap((volume) => volume.projected?.sources ?? []);
  return {
    configMaps: [
      ...sources.map((source) => source.configMapRef?.name),
      ...values.map((value) => value.configMapKeyRef?.name),
      ...[...volumes, ...projected].map(({ configMap }) => configMap?.name),
    ].filter((name) => name !== undefined),
    secrets: [
      ...sources.map((source) => source.secretRef?.name),
      ...values.map((value) => value.secretKeyRef?.name),
      ...volumes.map(({ secret }) => secret?.secretName),
      ...projected.map(({ secret }) => secret?.name),
      ...(spec?.imagePullSecrets ?? []).map(({ name }) => name),
    ].filter((name) => name !== undefined),
  };
}

/** The variables of a StatefulSet's container that are known: its own, and those of ConfigMaps. */
export function plainEnvironment(
  container: V1Container,
  { configMaps }: Pick<Saved, "configMaps">,
): Record<string, string> {
  const dataOf = (name: string | undefined) => configMaps.find(({ metadata }) => metadata?.name === name)?.data ?? {};
  const inherited = (container.envFrom ?? []).map(({ configMapRef }) => dataOf(configMapRef?.name));
  const own = (container.env ?? []).flatMap(({ name, value, valueFrom }) => {
    const reference = valueFrom?.configMapKeyRef;
    const text = value ?? (reference && dataOf(reference.name)[reference.key]);
    return text === undefined ? [] : [[name, text] as const];
  });
  return { ...(Object.assign({}, ...inherited) as Record<string, string>), ...Object.fromEntries(own) };
}

export async function applySecret(
  cluster: RestoreCluster,
  name: string,
  values: Readonly<Record<string, Buffer | string>>,
): Promise<void> {
  const namespace = cluster.namespaces.app;
  const encoded = Object.entries(values).map(([each, value]) => [each, Buffer.from(value).toString("base64")]);
  const body: V1Secret = { metadata: { name }, data: Object.fromEntries(encoded) as Record<string, string> };
  const { core } = cluster;
  const replaced = await cluster.present(() => core.replaceNamespacedSecret({ name, namespace, body }));
  if (!replaced) await cluster.ask(() => core.createNamespacedSecret({ namespace, body }));
}

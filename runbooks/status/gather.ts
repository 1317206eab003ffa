import type { KubeConfig } from "@kubernetes/client-node";
import type { Progress } from "../../local/failure.ts";
import { answerOf, type Answer } from "../catalogue/places/place.ts";
import { clusterConfig } from "../cluster.ts";
import type { Bucket } from "../objectStore/bucket.ts";
import { offsiteBucket, ownBucket } from "../objectStore/sites.ts";
import { barsOf } from "./bars.ts";
import { dataSets, type SiteName } from "./dataSets.ts";
import { evidence, type Store } from "./evidence.ts";
import { readJobs } from "./jobs.ts";
import { judge, otherJobProblems, type CopyStatus, type Heard, type Problem } from "./judge.ts";
import type { StatusOutputs } from "./outputs.ts";
import { readProofs } from "./proofs.ts";
import { readWaitingLog } from "./waitingLog.ts";

/** What would be lost, and what is known of every copy. */
export interface Status {
  readonly asked: string;
  readonly secondSite: boolean;
  readonly copies: readonly CopyStatus[];
  /** What else is wrong. */
  readonly problems: readonly Problem[];
  /** Every copy is good, and one of them is elsewhere. */
  readonly good: boolean;
}

/** How long a store may take to tell of one copy, in seconds: some are found by several listings. */
const patience = 90;

/** Asks all stores and the cluster, side by side. What does not answer is waited for once. */
export async function gatherStatus(outputs: StatusOutputs, progress: Progress = () => undefined): Promise<Status> {
  const now = new Date();
  let config: KubeConfig | undefined;
  const cluster = () => (config ??= clusterConfig(outputs.clusterContext));
  const { stores, close } = openStores(outputs, cluster);
  try {
    const jobs = answerOf({ name: "cluster" }, async () => readJobs(cluster(), outputs.dataNamespace));
    const proofs = answerOf({ name: "cluster" }, async () => readProofs(cluster(), outputs.dataNamespace));
    const log = answerOf({ name: "primary" }, async () => readWaitingLog(cluster(), outputs.dataNamespace));
    const bars = barsOf(outputs);
    let heardOf = 0;
    const heard = await Promise.all(
      bars.map(async ({ dataSet, site }) => {
        const answer = await listen(stores[site], dataSet);
        progress(`${++heardOf} of ${bars.length} copies`);
        return answer;
      }),
    );
    const ofCluster = { jobs: await jobs, proofs: await proofs, log: await log };
    const copies = bars.map((bar, i) => judge(bar, heard[i] as Heard, ofCluster, now));
    const problems = otherJobProblems(bars, ofCluster.jobs);
    const secondSite = stores.offsite !== undefined;
    return {
      asked: now.toISOString(),
      secondSite,
      copies,
      problems,
      good: secondSite && problems.length === 0 && copies.every(({ verdict }) => verdict === "good"),
    };
  } finally {
    await close();
  }
}

async function listen(store: Store | undefined, dataSet: keyof typeof dataSets): Promise<Heard> {
  const place = { name: dataSet };
  if (!store) return { instant: { place: dataSet, unreachable: "the stack's outputs do not say where it is" } };
  const found = await answerOf(place, () => evidence[dataSet](store), patience);
  const instant: Answer<Date | undefined> = { ...found, value: found.value?.instant };
  if (!found.value) return { instant };
  const { bucket, key } = found.value.object;
  return { instant, lock: await answerOf(place, () => bucket.lockedUntil(key), patience) };
}

function openStores(outputs: StatusOutputs, cluster: () => KubeConfig) {
  const opened: Bucket[] = [];
  const own = (bucket: string, accessKey: string, secretKey: string) => {
    const made = ownBucket(outputs, { bucket, accessKey, secretKey }, cluster);
    opened.push(made);
    return made;
  };
  const far = (bucket?: string, accessKey?: string, secretKey?: string) => {
    const made = offsiteBucket(outputs, { bucket, accessKey, secretKey }, cluster);
    if (made) opened.push(made);
    return made;
  };
  const { backupAccessKey, backupSecretKey } = outputs;
  const common = { postgresBackups: outputs.postgresBackups, copied: [outputs.difyBucket, outputs.pluginBucket] };
  const backups = far(outputs.offsiteBackupBucket, outputs.offsiteBackupAccessKey, outputs.offsiteBackupSecretKey);
  const catalogue = far(
    outputs.offsiteCatalogueBucket,
    outputs.offsiteCatalogueAccessKey,
    outputs.offsiteCatalogueSecretKey,
  );
  const edges = outputs.edgeSites?.split(" ") ?? [];
  const stores: Readonly<Record<SiteName, Store | undefined>> = {
    cluster: {
      ...common,
      backups: own(outputs.backupBucket, backupAccessKey, backupSecretKey),
      catalogue: own(outputs.catalogueBucket, outputs.catalogueAccessKey, outputs.catalogueSecretKey),
      edges: edges.map((site) => own(`edge-${site}`, backupAccessKey, backupSecretKey)),
    },
    offsite: backups && catalogue && { ...common, backups, catalogue, edges: [] },
  };
  return { stores, close: async () => void (await Promise.all(opened.map((bucket) => bucket.close()))) };
}

import { readFileSync } from "node:fs";
import type { V1PersistentVolume, V1StatefulSet } from "@kubernetes/client-node";
import { z } from "zod";
import { Failure, type Progress } from "../../local/failure.ts";
import type { Step } from "../../local/steps.ts";
import type { RestoreCluster } from "../restore/cluster.ts";
import { carry } from "./carry.ts";
import { findInstallation } from "./find.ts";
import { authorityName, carrierJob, scriptsName, settingsName } from "./manifests.ts";
import { applySecret, collect, plainEnvironment, save } from "./saved.ts";
import { keepState, type Directory, type State } from "./state.ts";
import { authorityFile, readTarget, storageSettings, type Target } from "./target.ts";

export interface PrepareRequest {
  /** Secret with the target. */
  readonly target: string;
  readonly image: string;
  readonly node?: string;
  readonly bandwidth?: string;
}

const archived = z.object({ count: z.number(), sum: z.string() });

/** Looks what there is and whether it can be moved; then archives all of it, before anything is changed. */
export class Preparation {
  readonly target: Target;
  readonly #cluster: RestoreCluster;
  readonly #sets: readonly V1StatefulSet[];
  readonly #bandwidth: string | undefined;
  #state: State;

  private constructor(
    cluster: RestoreCluster,
    found: { readonly sets: readonly V1StatefulSet[]; readonly state: State; readonly target: Target },
    bandwidth: string | undefined,
  ) {
    this.#cluster = cluster;
    this.#sets = found.sets;
    this.#state = found.state;
    this.target = found.target;
    this.#bandwidth = bandwidth;
  }

  /** Only looks. @throws Failure when something is in the way. */
  static async look(cluster: RestoreCluster, request: PrepareRequest, last: State | undefined): Promise<Preparation> {
    const found = await readInstallation(cluster);
    const { directories, workloads } = findInstallation(found, request.node);
    const sets = found.sets.filter(({ metadata }) => workloads.some(({ name }) => name === metadata?.name));
    await refuseOtherStorage(cluster, sets);
    const target = await readTarget(
      cluster,
      request.target,
      directories.map(({ role }) => role),
    );
    // The archive that an interrupted run has begun is gone on with; a whole one stays, and another is made beside it.
    const id = last?.phase === "preparing" ? last.id : new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
    const state: State = {
      version: 1,
      phase: "preparing",
      id,
      target: request.target,
      image: request.image,
      directories,
      workloads,
      archives: {},
      filled: last?.filled ?? false,
      served: false,
    };
    return new Preparation(cluster, { sets, state, target }, request.bandwidth);
  }

  /** What was found, in words. */
  get text(): string {
    const { directories, workloads, id } = this.#state;
    const lines = directories.map(({ role, place }) => {
      const names = workloads.filter((each) => each.role === role).map(({ name, replicas }) => `${name} (${replicas})`);
      const bucket = role === "files" ? this.target.filesBucket : this.target.pluginsBucket;
      return `  ${role} of ${names.join(", ")}: ${place} -> bucket ${bucket} at ${this.target.endpoint}`;
    });
    return [...lines, `  archive: ${this.target.archiveBucket}/storage-migration/${id}`].join("\n");
  }

  get steps(): Step[] {
    return [
      {
        title: "Save StatefulSets, ConfigMaps and Secrets",
        run: async () => this.#keep({ saved: await save(this.#cluster, this.#sets) }),
      },
      { title: "Write the storage settings, which nobody reads yet", run: () => this.#writeSettings() },
      ...this.#state.directories.map((directory) => ({
        title: `Archive ${directory.role} with their checksums, and read them back`,
        run: (progress: Progress) => this.#archive(directory, progress),
      })),
      { title: "Keep what was found", run: () => this.#keep({ phase: "prepared" }) },
    ];
  }

  async #keep(changes: Partial<State>): Promise<void> {
    this.#state = { ...this.#state, ...changes };
    await keepState(this.#cluster, this.#state);
  }

  async #writeSettings(): Promise<void> {
    for (const { role } of this.#state.directories) {
      const { plain, secret } = storageSettings(this.target, role);
      await this.#putConfigMap(settingsName(role), plain);
      await applySecret(this.#cluster, settingsName(role), secret);
    }
    const script = readFileSync(new URL("../../scripts/migration/storage.sh", import.meta.url), "utf8");
    await this.#putConfigMap(scriptsName, { "storage.sh": script });
    const { authority } = this.target;
    if (authority) await this.#putConfigMap(authorityName, { [authorityFile]: authority });
  }

  #putConfigMap(name: string, data: Readonly<Record<string, string>>): Promise<void> {
    return this.#cluster.putConfigMap(this.#cluster.namespaces.app, { metadata: { name }, data: { ...data } });
  }

  async #archive(directory: Directory, progress: Progress): Promise<void> {
    const job = carrierJob("archive", directory, this.#state, this.target, this.#bandwidth);
    const made = archived.parse(await carry(this.#cluster, job, progress));
    progress(`${made.count} files, manifest ${made.sum.slice(0, 12)}`);
    await this.#keep({ archives: { ...this.#state.archives, [directory.role]: made } });
  }
}

async function readInstallation(cluster: RestoreCluster) {
  const namespace = cluster.namespaces.app;
  const { apps, core } = cluster;
  const [sets, pods, claims, deployments] = await cluster.ask(() =>
    Promise.all([
      apps.listNamespacedStatefulSet({ namespace }),
      core.listNamespacedPod({ namespace }),
      core.listNamespacedPersistentVolumeClaim({ namespace }),
      apps.listNamespacedDeployment({ namespace }),
    ]),
  );
  const names = claims.items.flatMap(({ spec }) => spec?.volumeName ?? []);
  const volumes = await Promise.all(names.map((name) => cluster.present(() => core.readPersistentVolume({ name }))));
  return {
    sets: sets.items,
    pods: pods.items,
    claims: claims.items,
    volumes: volumes.filter((volume): volume is V1PersistentVolume => volume !== undefined),
    deployments: deployments.items.map(({ metadata }) => metadata?.name ?? ""),
  };
}

/** What has its files elsewhere already would lose sight of them. */
async function refuseOtherStorage(cluster: RestoreCluster, sets: readonly V1StatefulSet[]): Promise<void> {
  const saved = await collect(cluster, sets);
  for (const { metadata, spec } of sets)
    for (const container of spec?.template.spec?.containers ?? []) {
      const { STORAGE_TYPE, OPENDAL_SCHEME, PLUGIN_STORAGE_TYPE } = plainEnvironment(container, saved);
      const wrong =
        (STORAGE_TYPE !== undefined &&
          !["opendal", "local"].includes(STORAGE_TYPE) &&
          `STORAGE_TYPE=${STORAGE_TYPE}`) ||
        (OPENDAL_SCHEME !== undefined && OPENDAL_SCHEME !== "fs" && `OPENDAL_SCHEME=${OPENDAL_SCHEME}`) ||
        (PLUGIN_STORAGE_TYPE !== undefined &&
          PLUGIN_STORAGE_TYPE !== "local" &&
          `PLUGIN_STORAGE_TYPE=${PLUGIN_STORAGE_TYPE}`);
      if (wrong)
        throw new Failure(
          `StatefulSet ${metadata?.name} has ${wrong}: its files are not in the directory that it mounts, and there is nothing to move.`,
        );
    }
}

import {
  makeInformer,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
} from "@kubernetes/client-node";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../../failure.ts";
import type { Client } from "../../../../plugins/kubernetes/client.ts";
import { log } from "./log.ts";
import { pauseAfter } from "./reconcile.ts";

/** One API server, for requests and for watches. */
export interface Api {
  readonly config: KubeConfig;
  readonly client: Client;
}

/** All objects of one kind as the API server knows them, kept up to date while it can be reached and remembered while it cannot. */
export class Watched<T extends KubernetesObject> {
  readonly #path: string;
  readonly #informer: ReturnType<typeof makeInformer<T>>;
  readonly #onChange: () => void;
  #failures = 0;
  #isComplete = false;

  /** @param path of the list, such as "/api/v1/pods". @param onChange called after each change, and when the list is complete. */
  constructor({ config, client }: Api, path: string, onChange: () => void) {
    this.#path = path;
    this.#onChange = onChange;
    // Listed as it is sent, for that is how the watch brings it: in the client's own lists fields have other names and dates another type.
    const list = async () => (await client.request("GET", path)).body as unknown as KubernetesListObject<T>;
    this.#informer = makeInformer<T>(config, path, list);
    this.#informer.on("change", onChange);
    this.#informer.on("error", (error) => void this.#startAgain(error));
    void this.#start();
  }

  /** False until all has been listed once: before that nothing follows from what is missing. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  list(): readonly T[] {
    return this.#informer.list();
  }

  async #start(): Promise<void> {
    const failures = this.#failures;
    await this.#informer.start();
    if (this.#failures > failures) return;
    if (failures > 0) log(`${this.#path} is watched again`);
    this.#failures = 0;
    this.#isComplete = true;
    this.#onChange();
  }

  async #startAgain(error: unknown): Promise<void> {
    if (this.#failures === 0) log(`${this.#path} cannot be watched, it is tried again: ${messageOf(error)}`);
    this.#failures++;
    await sleep(pauseAfter(this.#failures));
    await this.#start();
  }
}

import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { difyImages } from "../../../components/dify/images.ts";
import type { DifySettings } from "../../../config/dify.ts";
import { messageOf, type Progress } from "../../failure.ts";
import { withLock } from "../lock.ts";
import { readRecord, writeRecord } from "./bake.ts";
import { fullName, registryOf } from "./names.ts";
import { withStore } from "./store.ts";

/** Whether nodes have Dify's own images, which only a registry has. */
export interface DifyImages {
  readonly difyImages: "pulled" | "unreachable";
  /** Why, in words for the user. */
  readonly reason: string;
}

/** How long a registry may take to answer, in seconds. */
const patience = 3;

/** The images that Dify's pods ask for. */
export function difyImageNames(settings: DifySettings): string[] {
  const { agentBackend, agentSandbox, ...always } = difyImages(settings);
  const names = [...Object.values(always), ...(settings.agent.enabled ? [agentBackend, agentSandbox] : [])];
  return [...new Set(names.map(fullName))].toSorted();
}

/**
 * Fetches images from their registries into a baked store, where the registries answer: asked once each, then pulled one after the
 * other. Whatever fails is no failure here: the pods then stay on simulated nodes, and the reason says why.
 */
export async function pullImages(baked: string, names: readonly string[], onProgress: Progress): Promise<DifyImages> {
  const registries = [...new Set(names.map(registryOf))];
  const pulled = {
    difyImages: "pulled",
    reason: `all ${names.length} images came from ${registries.join(", ")}`,
  } as const;
  if (hasPulled(baked, names)) return pulled;
  const answers = await Promise.all(registries.map(obstacle));
  const reason = answers.find((answer) => answer !== undefined);
  if (reason) return { difyImages: "unreachable", reason };
  return withLock(dirname(baked), onProgress, async () => {
    const problem = await pullAll(baked, names, onProgress);
    return problem ? { difyImages: "unreachable", reason: problem } : pulled;
  });
}

const hasPulled = (baked: string, names: readonly string[]): boolean =>
  names.every((name) => readRecord(baked)?.pulled.includes(name));

/** What keeps a registry from serving images; undefined when it answers. That it asks for a token is an answer, too. */
async function obstacle(registry: string): Promise<string | undefined> {
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  const url = `${isLoopback(registry) ? "http" : "https"}://${host}/v2/`;
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(patience * 1000), redirect: "manual" });
    return status === 200 || status === 401 ? undefined : `the registry ${registry} answers with status ${status}`;
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError")
      return `the registry ${registry} does not answer within ${patience} s`;
    return `the registry ${registry} cannot be reached (${messageOf(error)})`;
  }
}

/** A registry of one's own machine speaks without TLS, as Docker has it. */
const isLoopback = (registry: string): boolean => /^(localhost|127\.[\d.]+)(:\d+)?$/.test(registry);

async function pullAll(baked: string, names: readonly string[], onProgress: Progress): Promise<string | undefined> {
  const state = join(dirname(baked), "pulling");
  try {
    return await withStore({ root: baked, state }, async (store) => {
      for (const [i, name] of names.entries()) {
        onProgress(`pulling ${name} (${i + 1} of ${names.length})`);
        const { exitCode, stderr } = await store.pull(name, { plainHttp: isLoopback(registryOf(name)) });
        if (exitCode !== 0) return `${name} could not be pulled: ${stderr.trim().split("\n").at(-1) ?? ""}`;
      }
      await store.dropPackedLayers();
      const record = readRecord(baked);
      if (record) await writeRecord(baked, { ...record, pulled: names });
      return undefined;
    });
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

import { statfs } from "node:fs/promises";

/** What the machine must offer, as far as it can be told before anything is done. */
export interface HostFacts {
  readonly platform: string;
  readonly arch: string;
  /** Free space on the checkout's file system, in bytes. */
  readonly freeBytes: number;
  /** Space that the coming steps take, in bytes. */
  readonly neededBytes: number;
}

const gigabyte = 1e9;

/** Programs, Go's module and build caches after building everything: 11.7 GB measured. */
export const buildSpace = 13 * gigabyte;

/** The cluster's data, logs and state. */
export const runSpace = 1 * gigabyte;

export async function hostFacts(folder: string, neededBytes: number): Promise<HostFacts> {
  const { bavail, bsize } = await statfs(folder);
  return { platform: process.platform, arch: process.arch, freeBytes: bavail * bsize, neededBytes };
}

/** One line for each thing that is missing, with what to do; empty when all is well. */
export function hostProblems({ platform, arch, freeBytes, neededBytes }: HostFacts): string[] {
  const problems: string[] = [];
  if (platform !== "linux" || !["x64", "arm64"].includes(arch))
    problems.push(
      `The local cluster runs on Linux (x64 or arm64), not on ${platform} ${arch}: use a Linux machine, or your own cluster with KUBECONFIG set and the official Pulumi CLI.`,
    );
  if (freeBytes < neededBytes)
    problems.push(
      `The disk has ${inGigabytes(freeBytes)} free but ${inGigabytes(neededBytes)} are needed: free some space and try again.`,
    );
  return problems;
}

const inGigabytes = (bytes: number): string => `${(bytes / gigabyte).toFixed(1)} GB`;

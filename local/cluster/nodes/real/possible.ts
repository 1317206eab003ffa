import { existsSync } from "node:fs";
import { platform } from "node:os";
import { missingHierarchies } from "./cgroups.ts";

/** What of a machine decides whether nodes can be real on it. */
export interface MachineFacts {
  readonly platform: string;
  readonly isRoot: boolean;
  /** Hierarchies of control groups (version 1) that are not mounted. */
  readonly missingHierarchies: readonly string[];
  /** Files of the kernel that are not there. */
  readonly missingFeatures: readonly string[];
}

/** File -> what it is needed for. */
const features: Readonly<Record<string, string>> = {
  "/proc/self/ns/net": "network namespaces",
  "/proc/sys/net/bridge": "rules for bridged pods (module br_netfilter)",
  "/dev/loop-control": "volumes of a given size (loop devices)",
};

export function machineFacts(): MachineFacts {
  return {
    platform: platform(),
    isRoot: process.getuid?.() === 0,
    missingHierarchies: platform() === "linux" ? missingHierarchies() : [],
    missingFeatures: Object.entries(features).flatMap(([file, purpose]) => (existsSync(file) ? [] : purpose)),
  };
}

/** Why nodes cannot be real here, in words; undefined when they can. */
export function obstacle({ platform, isRoot, missingHierarchies, missingFeatures }: MachineFacts): string | undefined {
  if (platform !== "linux") return "real nodes need Linux";
  if (!isRoot) return "real nodes need root";
  if (missingFeatures.length > 0) return `the kernel lacks ${missingFeatures.join(" and ")}`;
  if (missingHierarchies.length > 0)
    return `control groups of version 1 are not mounted (${missingHierarchies.join(", ")}), and version 2 is not supported yet`;
  return undefined;
}

import { createHash } from "node:crypto";

export const AUTONAMED = "pulumi.com/autonamed";

/** The name for a resource that gives none: its own, and eight hex digits so that a replacement can exist beside it. */
export function autoname(name: string, randomSeed: Uint8Array): string {
  return `${name}-${createHash("sha256").update(randomSeed).update(name).digest("hex").slice(0, 8)}`;
}

/**
 * Who applies a resource's fields. One name for each resource, so that two resources which describe the same object conflict instead
 * of overwriting each other; made from the URN, so that it survives a lost state. The vendor's is `pulumi-kubernetes-` and a random
 * part, kept in the state as here.
 */
export function fieldManager(urn: string): string {
  return `${MANAGER_PREFIX}${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;
}

export const MANAGER_PREFIX = "pulumi-kubernetes-";

import { join, resolve } from "node:path";

/** The checkout. */
export const repository = join(import.meta.dirname, "..");

/** What is built once and outlives `make down`: programs and root file systems. `make clean` removes it. */
export const toolchainFolder = join(repository, ".toolchain");

/** Set: `make up` keeps all it makes in that folder and its cluster takes free ports, so that a second stack runs beside the first. */
const otherFolder = process.env["DIFY_HA_LOCAL"];

/** What `make up` makes and `make down` removes: the cluster's data, the stack's state, passphrases. */
export const localFolder = otherFolder ? resolve(otherFolder) : join(repository, ".local");

/** Which ports the cluster takes: fixed ones, so that a kubeconfig once copied stays right, or free ones beside another cluster. */
export const clusterPorts: { readonly ports?: "free" } = otherFolder ? { ports: "free" } : {};

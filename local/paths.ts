import { join } from "node:path";

/** The checkout. */
export const repository = join(import.meta.dirname, "..");

/** What is built once and outlives `make down`: programs, CRDs, root file systems. `make clean` removes it. */
export const toolchainFolder = join(repository, ".toolchain");

/** What `make up` makes and `make down` removes: the cluster's data, the stack's state, passphrases. */
export const localFolder = join(repository, ".local");

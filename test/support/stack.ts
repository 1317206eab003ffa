export { stackConfiguration } from "../../render/program.ts";

/** Environments whose stack files and resource lists are kept, so that a reviewer sees what a change does to each. */
export const environments = ["local", "staging", "prod"] as const;
export type Environment = (typeof environments)[number];

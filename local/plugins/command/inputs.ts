import { z } from "zod";

const logging = z.enum(["none", "stdout", "stderr", "stdoutAndStderr"]).default("stdoutAndStderr");

const shared = {
  /** Run when the resource is made, and on a change when there is no `update`. */
  create: z.string().optional(),
  update: z.string().optional(),
  delete: z.string().optional(),
  stdin: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  /** Any change among these makes the resource anew. */
  triggers: z.array(z.json()).optional(),
  /** Whether later commands see PULUMI_COMMAND_STDOUT and PULUMI_COMMAND_STDERR. */
  addPreviousOutputInEnv: z.boolean().default(true),
  logging,
};

export const localInputs = z.strictObject({
  ...shared,
  dir: z.string().optional(),
  interpreter: z.array(z.string()).min(1).default(["/bin/sh", "-c"]),
});

/** What ssh needs; a password cannot be given to it without a terminal. */
const connection = z.strictObject({
  host: z.string().min(1),
  port: z.number().int().min(1).max(65535).default(22),
  user: z.string().default("root"),
  privateKey: z.string().optional(),
  agentSocketPath: z.string().optional(),
  /** A line as in known_hosts, without the host: `ssh-ed25519 AAAA...`. */
  hostKey: z.string().optional(),
  /** How often a connection is tried. */
  dialErrorLimit: z.number().int().min(0).default(10),
  /** Seconds for each try. */
  perDialTimeout: z.number().int().min(1).default(15),
});

export const remoteInputs = z.strictObject({ ...shared, connection });

export type LocalInputs = z.infer<typeof localInputs>;
export type RemoteInputs = z.infer<typeof remoteInputs>;
export type Connection = z.infer<typeof connection>;

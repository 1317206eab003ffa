import { randomBytes } from "node:crypto";
import type { z } from "zod";
import { changesBetween } from "../protocol/diff.ts";
import { unsupported, type Resource, type ResourceRequest } from "../protocol/plugin.ts";
import { containsSecret, plain, sealLike, secret, type Properties } from "../protocol/values.ts";
import { failuresOf } from "../protocol/valueResource.ts";
import type { LocalInputs, RemoteInputs } from "./inputs.ts";
import type { Output, Program } from "./run.ts";

/** Runs one command line with a command resource's settings; `extra` is added to the environment. */
export type Runner<Inputs> = (
  command: string,
  inputs: Inputs,
  extra: Readonly<Record<string, string>>,
  request: Pick<Program, "signal" | "onLine">,
) => Promise<Output>;

/** A resource that runs a command line when it is made, changed and deleted, and keeps what the last one wrote. */
export function commandResource<Inputs extends LocalInputs | RemoteInputs>(
  schema: z.ZodType<Inputs>,
  runner: Runner<Inputs>,
): Resource {
  const execute = async (
    command: string | undefined,
    properties: Properties,
    previous: Properties,
    { log, urn, signal }: ResourceRequest,
  ): Promise<Properties> => {
    const inputs = schema.parse(plain(properties));
    if (command === undefined) return sealed({ ...inputs, stdout: "", stderr: "" }, properties);
    const sealedOutput = containsSecret(properties);
    const onLine: Program["onLine"] = (stream, line) => {
      if (!sealedOutput && inputs.logging.toLowerCase().includes(stream)) log.info(urn, line);
    };
    const { stdout, stderr } = plain(previous);
    const extra = inputs.addPreviousOutputInEnv
      ? { PULUMI_COMMAND_STDOUT: asText(stdout), PULUMI_COMMAND_STDERR: asText(stderr) }
      : {};
    const output = await runner(command, inputs, extra, { signal, onLine });
    return sealed({ ...inputs, ...output }, properties);
  };

  return {
    check: ({ inputs }) => Promise.resolve({ inputs, failures: failuresOf(plain(inputs), schema) }),

    diff: ({ oldInputs, inputs }) =>
      Promise.resolve({ changes: changesBetween(plain(oldInputs), plain(inputs), ([field]) => field === "triggers") }),

    async create(request) {
      const { inputs, preview } = request;
      if (preview) return { id: "", state: inputs };
      const { create } = plain(inputs);
      const state = await execute(asCommand(create), inputs, {}, request);
      return { id: `command-${randomBytes(8).toString("hex")}`, state };
    },

    update(request) {
      const { inputs, oldState, preview } = request;
      if (preview) return Promise.resolve(inputs);
      const { update, create } = plain(inputs);
      return execute(asCommand(update) ?? asCommand(create), inputs, oldState, request);
    },

    read({ id, type, inputs, state }) {
      if (Object.keys(state).length === 0) throw unsupported(`Importing ${type}`);
      return Promise.resolve({ id, inputs, state });
    },

    async delete(request) {
      const { stdout, stderr, ...inputs } = request.state;
      const command = asCommand(plain(inputs).delete);
      if (command !== undefined) await execute(command, inputs, { stdout, stderr }, request);
    },
  };
}

/** What a command writes may repeat any secret that it was given. */
function sealed(state: Properties, inputs: Properties): Properties {
  const like = sealLike(state, inputs);
  return containsSecret(inputs) ? { ...like, stdout: secret(state.stdout), stderr: secret(state.stderr) } : like;
}

function asCommand(value: Properties[string]): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function asText(value: Properties[string]): string {
  return typeof value === "string" ? value : "";
}

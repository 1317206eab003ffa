import { changesBetween } from "../protocol/diff.ts";
import type { CheckFailure, Resource } from "../protocol/plugin.ts";
import { plain, UNKNOWN, type Properties } from "../protocol/values.ts";

/** Where AWS makes another in place of changing what is there, of whatever kind. Of other changes only AWS's own plugin knows. */
const fixed: readonly unknown[] = ["bucket", "region"];

const documents = ["policy", "assumeRolePolicy"];

function refuse(what: string): Promise<never> {
  return Promise.reject(
    new Error(
      `${what}: this plugin only previews what would be made on AWS; use the official Pulumi CLI, which installs the plugin that makes it`,
    ),
  );
}

/** Policy documents that AWS could not read. */
function failuresOf(inputs: Properties): CheckFailure[] {
  return documents.flatMap((property) => {
    const document = inputs[property];
    if (typeof document !== "string" || document === UNKNOWN || isJson(document)) return [];
    return [{ property, reason: "is no JSON" }];
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Shows a resource as it is asked for. What AWS would compute stays unknown, and nothing is ever made: no credentials, no requests. */
export const previewed: Resource = {
  check: ({ inputs }) => Promise.resolve({ inputs, failures: failuresOf(plain(inputs)) }),
  diff: ({ oldInputs, inputs }) =>
    Promise.resolve({ changes: changesBetween(plain(oldInputs), plain(inputs), ([field]) => fixed.includes(field)) }),
  create: ({ type, inputs, preview }) =>
    preview ? Promise.resolve({ id: "", state: inputs }) : refuse(`${type} cannot be created`),
  update: ({ type, oldState, inputs, preview }) =>
    preview ? Promise.resolve({ ...oldState, ...inputs }) : refuse(`${type} cannot be updated`),
  read: ({ type }) => refuse(`${type} cannot be read`),
  delete: ({ type }) => refuse(`${type} cannot be deleted`),
};

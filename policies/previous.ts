import { readFileSync } from "node:fs";
import type { Resource } from "./read/resource.ts";

interface Exported {
  readonly deployment: {
    readonly resources: readonly {
      readonly urn: string;
      readonly type: string;
      readonly inputs?: Resource["inputs"];
    }[];
  };
}

/** The stack as `pulumi stack export` wrote it to the file that POLICY_PREVIOUS_STATE names; undefined where none is given. */
export function previousState(file = process.env["POLICY_PREVIOUS_STATE"]): Resource[] | undefined {
  if (!file) return undefined;
  const { deployment } = JSON.parse(readFileSync(file, "utf8")) as Exported;
  return deployment.resources.map(({ urn, type, inputs = {} }) => ({
    type,
    name: urn.split("::").at(-1) ?? "",
    inputs,
  }));
}

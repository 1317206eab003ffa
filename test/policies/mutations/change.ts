import { expect } from "vitest";
import { parse, stringify } from "yaml";
import { awsKindOf } from "../../../policies/read/aws.ts";
import { kindOf, type Resource } from "../../../policies/read/resource.ts";

/** Data that a mutation may reach into; it fails the test by itself where the program no longer has what it changes. */
export interface Data {
  [key: string]: Data;
}
/** @param resource The same with what stands beside its inputs. */
export type Change = (inputs: Data, resource?: Resource) => void;

export const set =
  (value: unknown, ...path: string[]): Change =>
  (inputs) => {
    const holder = path.slice(0, -1).reduce<Data | undefined>((data, key) => data?.[key], inputs);
    expect(holder, path.join(".")).toBeDefined();
    Object.assign(holder ?? {}, { [path.at(-1) ?? ""]: value });
  };
export const pod = ["spec", "template", "spec"] as const;
export const container = [...pod, "containers", "0"] as const;
export const security = [...container, "securityContext"] as const;

/** Changes one bucket of the list that the object store is made from. */
export const bucket =
  (change: (bucket: Record<string, unknown>) => void): Change =>
  ({ data }) => {
    const file = data as unknown as Record<"buckets.json", string>;
    const buckets = JSON.parse(file["buckets.json"]) as Record<string, unknown>[];
    change(buckets.find(({ purpose }) => purpose === "backup") ?? {});
    file["buckets.json"] = JSON.stringify(buckets);
  };
/** Changes what all members of Postgres share. */
export const patroni =
  (value: unknown, ...path: string[]): Change =>
  ({ data }) => {
    const file = data as unknown as Record<"patroni.yml", string>;
    const config = parse(file["patroni.yml"]) as Data;
    set(value, "bootstrap", "dcs", ...path)(config);
    file["patroni.yml"] = stringify(config);
  };

/** Changes the first statement of that effect in a policy of AWS. */
export const statement =
  (effect: "Allow" | "Deny", change: (statement: Record<string, unknown>) => void): Change =>
  (inputs) => {
    const { policy } = inputs as unknown as Record<"policy", string>;
    const document = JSON.parse(policy) as { readonly Statement: Record<string, unknown>[] };
    change(document.Statement.find(({ Effect }) => Effect === effect) ?? {});
    Object.assign(inputs, { policy: JSON.stringify(document) });
  };

/** Changes a text within an entry of a ConfigMap. */
export const file =
  (entry: string, from: string, to: string): Change =>
  ({ data }) => {
    const files = data as unknown as Record<string, string>;
    expect(files[entry], entry).toContain(from);
    files[entry] = (files[entry] ?? "").replace(from, to);
  };

/** Changes an annotation, by what comes after "dify-ha/". */
export const annotation = (key: string, value: string): Change =>
  set(value, "metadata", "annotations", `dify-ha/${key}`);

/** Takes a field away. */
export const without =
  (...path: string[]): Change =>
  (inputs) => {
    const holder = path.slice(0, -1).reduce<Data | undefined>((data, key) => data?.[key], inputs);
    expect(holder?.[path.at(-1) ?? ""], path.join(".")).toBeDefined();
    delete holder?.[path.at(-1) ?? ""];
  };

/** Changes an environment variable of a job's containers, the same in each. */
export const jobVariable =
  (name: string, change: (variable: Record<string, unknown>) => void): Change =>
  (inputs) => {
    const containers = inputs["spec"]?.["jobTemplate"]?.["spec"]?.["template"]?.["spec"]?.["containers"];
    const variables = Object.values(containers ?? {}).flatMap(({ env }) =>
      Object.values(env ?? {}),
    ) as unknown as Record<string, unknown>[];
    const found = variables.filter((variable) => variable["name"] === name);
    expect(found.length, name).toBeGreaterThan(0);
    found.forEach(change);
  };

/** A change of one field, and the one rule that must notice. */
export type Mutation = readonly [rule: string, what: string, kind: string, name: string, change: Change];

/** The stack with that change made to the one resource of a kind and name. */
export function mutated(stack: readonly Resource[], kind: string, name: string, change: Change): Resource[] {
  const copy = structuredClone(stack) as Resource[];
  const found = copy.filter(
    (resource) =>
      (kindOf(resource) ?? awsKindOf(resource) ?? resource.type.split(":").at(-1)) === kind && resource.name === name,
  );
  expect(found, `${kind} ${name}`).toHaveLength(1);
  change(found[0]?.inputs as Data, found[0]);
  return copy;
}

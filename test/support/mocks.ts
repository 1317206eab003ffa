import type { Declared } from "../../render/declare.ts";

export { declare, secretMarker, type Declared } from "../../render/declare.ts";

/** The one resource of that name whose type ends so ("Deployment"). */
export function find(resources: readonly Declared[], kind: string, name: string): Declared {
  const found = resources.filter((r) => r.type.split(":").at(-1) === kind && r.name === name);
  if (found.length !== 1)
    throw new Error(
      `${found.length} resources are a ${kind} called ${name}; there are ${resources.map((r) => `${r.type} ${r.name}`).join(", ")}`,
    );
  return found[0] as Declared;
}

/** A value deep inside inputs: `at(deployment.inputs, "spec.template.spec.containers.0.image")`. */
export function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((v, key) => (v as Record<string, unknown> | undefined)?.[key], value);
}

import type * as pulumi from "@pulumi/pulumi";

type Values = Readonly<Record<string, pulumi.Input<string>>>;

/** Variables of a workload, split by secrecy: the plain ones go into a ConfigMap, the others into a Secret. */
export interface Environment {
  readonly plain: Values;
  readonly secret: Values;
}

/**
 * Puts the parts of an environment together.
 * @throws when two parts, or the two halves of one, name the same variable: whichever won would be chance.
 */
export function combine(...parts: readonly Environment[]): Environment {
  const names = parts.flatMap(({ plain, secret }) => [...Object.keys(plain), ...Object.keys(secret)]);
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
  if (twice.length > 0)
    throw new Error(`The environment names ${twice.join(", ")} twice: each variable has one place.`);
  return {
    plain: Object.assign({}, ...parts.map((p) => p.plain)) as Values,
    secret: Object.assign({}, ...parts.map((p) => p.secret)) as Values,
  };
}

/** Variables without a secret among them. */
export function plain(values: Values): Environment {
  return { plain: values, secret: {} };
}

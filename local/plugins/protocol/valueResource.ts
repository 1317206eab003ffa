import type { z } from "zod";
import { changesBetween, type Change } from "./diff.ts";
import { unsupported, type CheckFailure, type Resource } from "./plugin.ts";
import { containsUnknown, plain, sealLike, secret, UNKNOWN, valueAt, type Properties, type Value } from "./values.ts";

/** A resource that is nothing but values in the state: made once, and anew when an input changes. */
export interface ValueKind<Inputs extends Properties> {
  /** Shape, defaults and bounds of the inputs. */
  readonly inputs: z.ZodType<Inputs>;
  /** Inputs that change without a new value. @default none */
  readonly inPlace?: readonly (keyof Inputs & string)[];
  readonly secretOutputs?: readonly string[];
  make(inputs: Inputs): Promise<{ readonly id: string; readonly outputs: Properties }>;
  /** Outputs that depend on the time. @default none */
  current?(state: Properties): Properties;
  /** Why a value must be made anew although no input changed: the outputs that say so. @default none */
  outdated?(state: Properties): readonly string[];
}

export function valueResource<Inputs extends Properties>(kind: ValueKind<Inputs>): Resource {
  const seal = (state: Properties, inputs: Properties): Properties => {
    const sealed = sealLike(state, inputs);
    const own = (kind.secretOutputs ?? []).filter((name) => state[name] !== undefined);
    return { ...sealed, ...Object.fromEntries(own.map((name) => [name, secret(state[name])])) };
  };
  const withCurrent = (state: Properties): Properties => ({ ...state, ...kind.current?.(state) });
  return {
    check: ({ inputs }) => Promise.resolve({ inputs, failures: failuresOf(plain(inputs), kind.inputs) }),

    diff({ oldInputs, oldState, inputs }) {
      const inPlace: readonly (string | number | undefined)[] = kind.inPlace ?? [];
      const changes = changesBetween(plain(oldInputs), plain(inputs), ([field]) => !inPlace.includes(field));
      const next = { ...plain(oldState), ...plain(inputs) };
      const outdated = (kind.outdated?.(next) ?? []).map((name): Change => ({
        path: [name],
        kind: "update",
        replace: true,
      }));
      return Promise.resolve({ changes: [...changes, ...outdated] });
    },

    async create({ inputs, preview }) {
      if (preview)
        return { id: "", state: containsUnknown(inputs) ? inputs : seal(kind.inputs.parse(plain(inputs)), inputs) };
      const complete = kind.inputs.parse(plain(inputs));
      const { id, outputs } = await kind.make(complete);
      return { id, state: seal(withCurrent({ ...complete, ...outputs }), inputs) };
    },

    update({ oldState, inputs }) {
      if (containsUnknown(inputs)) return Promise.resolve({ ...oldState, ...inputs });
      return Promise.resolve(seal(withCurrent({ ...plain(oldState), ...kind.inputs.parse(plain(inputs)) }), inputs));
    },

    read({ id, type, inputs, state }) {
      if (Object.keys(state).length === 0) throw unsupported(`Importing ${type}`);
      return Promise.resolve({ id, inputs, state: seal(withCurrent(plain(state)), state) });
    },

    delete: () => Promise.resolve(),
  };
}

/** What is wrong with the inputs, leaving out what a preview cannot know yet. */
export function failuresOf(inputs: Properties, schema: z.ZodType): CheckFailure[] {
  const { error } = schema.safeParse(inputs);
  return (error?.issues ?? [])
    .map(({ path, message }) => ({
      path: path.map((step) => (typeof step === "number" ? step : String(step))),
      message,
    }))
    .filter(({ path }) => !holdsUnknown(valueAt(inputs, path)))
    .map(({ path, message }) => ({ property: path.join("."), reason: message }));
}

function holdsUnknown(value: Value): boolean {
  return value === UNKNOWN || containsUnknown(value);
}

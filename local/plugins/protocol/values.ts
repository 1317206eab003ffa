/** A value as it crosses the provider protocol: JSON, in which secrets, outputs and unknowns carry a signature. */
export type Value = string | number | boolean | null | undefined | Value[] | Properties;

export interface Properties {
  [name: string]: Value;
}

/** What the engine sends for a value that is known only after other resources were made (sdk/go/common/resource/plugin/rpc.go). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

export function isObject(value: Value): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Marks a value as secret: the engine keeps it encrypted in the state and masks it on screen. */
export function secret(value: Value): Properties {
  return { [SIGNATURE]: SECRET, value };
}

interface Secret extends Properties {
  value: Value;
}

export function isSecret(value: Value): value is Secret {
  return isObject(value) && value[SIGNATURE] === SECRET;
}

/** Without marks: secrets and outputs become what they hold, an output not yet known becomes {@link UNKNOWN}. */
export function plain(value: Properties): Properties;
export function plain(value: Value): Value;
export function plain(value: Value): Value {
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (!isObject(value)) return value;
  if (value[SIGNATURE] === SECRET) return plain(value.value);
  if (value[SIGNATURE] === OUTPUT) return "value" in value ? plain(value.value) : UNKNOWN;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

export function containsUnknown(value: Value): boolean {
  if (value === UNKNOWN) return true;
  if (isObject(value) && value[SIGNATURE] === OUTPUT && !("value" in value)) return true;
  return (
    typeof value === "object" && value !== null && Object.values(value).some((item: Value) => containsUnknown(item))
  );
}

export function containsSecret(value: Value): boolean {
  if (isSecret(value) || (isObject(value) && value[SIGNATURE] === OUTPUT && value.secret === true)) return true;
  return (
    typeof value === "object" && value !== null && Object.values(value).some((item: Value) => containsSecret(item))
  );
}

/** Marks in `value` what is marked in `like` at the same place, so that an output that comes from a secret input stays secret. */
export function sealLike(value: Properties, like: Properties): Properties;
export function sealLike(value: Value, like: Value): Value;
export function sealLike(value: Value, like: Value): Value {
  if (value === undefined || isSecret(value)) return value;
  if (isSecret(like) || (isObject(like) && like[SIGNATURE] === OUTPUT && like.secret === true)) return secret(value);
  if (Array.isArray(value) && Array.isArray(like)) return value.map((item, index) => sealLike(item, like[index]));
  if (!isObject(value) || !isObject(like)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, sealLike(item, like[name])]));
}

/** Replaces every secret string of `properties` in a message. Strings below four characters would blank out words at random. */
export function redact(message: string, ...properties: Properties[]): string {
  let redacted = message;
  for (const text of properties.flatMap((value) => secretStrings(value, false)))
    if (text.length >= 4) redacted = redacted.replaceAll(text, "[secret]");
  return redacted;
}

function secretStrings(value: Value, within: boolean): string[] {
  if (typeof value === "string") return within && value !== UNKNOWN ? [value] : [];
  if (isSecret(value)) return secretStrings(value.value, true);
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((item: Value) => secretStrings(item, within));
}

/** The value at a path of names and indexes; undefined where the path leads nowhere. */
export function valueAt(value: Value, path: readonly (string | number)[]): Value {
  let current = value;
  for (const step of path) {
    if (Array.isArray(current)) current = current[Number(step)];
    else if (isObject(current)) current = current[step];
    else return undefined;
  }
  return current;
}

/** A copy without some of its entries. */
export function without(value: Properties, ...names: string[]): Properties {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

import { sameValue } from "../protocol/diff.ts";
import { isObject, type Properties, type Value } from "../protocol/values.ts";

/**
 * The inputs as the cluster has them now: what others changed since we last looked shows, and nothing else. A value is judged against
 * what the cluster made of it then ("1000m" became "1"), so that the server's spelling and defaults are no drift. All plain.
 */
export function driftedInputs(inputs: Properties, lastSeen: Properties, live: Properties): Properties {
  const drifted = drift(inputs, lastSeen, live) as Properties;
  if (isObject(inputs.stringData) && isObject(drifted))
    drifted.stringData = driftedText(inputs.stringData, asProperties(lastSeen.data), asProperties(live.data));
  return drifted;
}

function drift(input: Value, was: Value, is: Value): Value {
  if (sameValue(was, is)) return input;
  if (isObject(input) && isObject(is)) {
    const pairs = Object.keys(input).map(
      (name) => [name, drift(input[name], asProperties(was)[name], is[name])] as const,
    );
    return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
  }
  if (Array.isArray(input) && Array.isArray(is))
    return is.map((item, index) =>
      index < input.length ? drift(input[index], Array.isArray(was) ? was[index] : undefined, item) : item,
    );
  return is;
}

function driftedText(text: Properties, was: Properties, is: Properties): Properties {
  const entries = Object.entries(text).map(([key, value]) => {
    if (sameValue(was[key], is[key])) return [key, value] as const;
    const now = is[key];
    return [key, typeof now === "string" ? Buffer.from(now, "base64").toString() : undefined] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function asProperties(value: Value): Properties {
  return isObject(value) ? value : {};
}

import { JSONPath } from "jsonpath-plus";
import type { KubeObject } from "../object.ts";
import type { Value } from "../../protocol/values.ts";
import { conditionOf, READY, waiting, type Readiness } from "./readiness.ts";

/** One thing that `pulumi.com/waitFor` asks for. */
type Wish =
  | { readonly text: string; readonly condition: string; readonly status: string }
  | { readonly text: string; readonly path: string; readonly value: string | undefined };

/**
 * Reads the annotation `pulumi.com/waitFor`: `condition=TYPE`, `condition=TYPE=STATUS`, `jsonpath={.path}`, `jsonpath={.path}=VALUE`,
 * or a JSON array of these, all of which must hold.
 * @throws with what is wrong about it.
 */
export function parseWaitFor(annotation: string): Wish[] {
  if (!annotation.trimStart().startsWith("[")) return [parseWish(annotation)];
  const wishes: unknown = JSON.parse(annotation);
  if (!Array.isArray(wishes) || !wishes.every((wish) => typeof wish === "string") || wishes.length === 0)
    throw new Error(`pulumi.com/waitFor must be one expression or a JSON array of them, not ${annotation}`);
  return wishes.map(parseWish);
}

function parseWish(text: string): Wish {
  const [, condition, status] = /^condition=([^=]+)(?:=(.+))?$/.exec(text) ?? [];
  if (condition !== undefined) return { text, condition, status: status ?? "True" };
  const [, path, value] = /^jsonpath=['"]?\{(.+?)\}['"]?(?:=(.*))?$/.exec(text) ?? [];
  if (path === undefined)
    throw new Error(`pulumi.com/waitFor must be condition=TYPE[=STATUS] or jsonpath={.path}[=VALUE], not ${text}`);
  return { text, path: path.startsWith("$") ? path : `$${path}`, value: value?.replace(/^(['"])(.*)\1$/, "$2") };
}

export function wishesReadiness(object: KubeObject, wishes: readonly Wish[]): Readiness {
  const open = wishes.flatMap((wish) => missing(object, wish) ?? []);
  return open.length === 0 ? READY : waiting(open.join("; "));
}

/** What a wish still lacks; undefined when it is fulfilled. */
function missing(object: KubeObject, wish: Wish): string | undefined {
  if ("condition" in wish) {
    const found = conditionOf(object, wish.condition);
    if (found?.status.toLowerCase() === wish.status.toLowerCase()) return undefined;
    return `waiting for ${wish.text} (found ${found ? `${found.status} ${found.message ?? found.reason ?? ""}`.trim() : "none"})`;
  }
  const found: Value[] = JSONPath({ path: wish.path, json: object, wrap: true, eval: "safe" });
  const values = found.map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
  if (wish.value === undefined ? values.length > 0 : values.length === 1 && values[0] === wish.value) return undefined;
  return `waiting for ${wish.text} (found ${values.length > 0 ? values.join(", ") : "none"})`;
}

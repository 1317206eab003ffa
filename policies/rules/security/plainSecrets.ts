import { containersOf } from "../../read/pods.ts";
import { kindOf, type Resource } from "../../read/resource.ts";
import { entries, list, NotYetKnown, notYetKnown, text } from "../../read/values.ts";
import { rule } from "../../rule.ts";
import { isHarmless, namesSecret, secretIn } from "./secretShapes.ts";

/** A text that everyone who may read pods or ConfigMaps can read. */
export interface OpenText {
  /** What it is called: a variable, or an entry of a ConfigMap. */
  readonly name: string;
  /** Where it stands, as a sentence continues: `variable "X" of container "y"`. */
  readonly place: string;
  readonly value: string | typeof notYetKnown;
}

/** A line that sets something: `name = value`, `name: value` or, in configuration files, `name value`. */
const setting = /^\s*-{0,2}["']?([A-Za-z][\w.-]*)["']?(?:\s*[:=]\s*|\s+)(\S.*)$/;
const comment = /^\s*(#|;|\/\/)/;
/** In programs, what follows a name is an expression and no value: only the shape of texts tells there. */
const program = /\.(sh|py|sql|lua|js)$/;

function secretSettings(file: string): string[] {
  return file.split("\n").flatMap((line) => {
    const [, name, value] = comment.test(line) ? [] : (setting.exec(line) ?? []);
    return name && value && namesSecret(name) && !isHarmless(value) ? [name] : [];
  });
}

/** H14: secrets stand in Secrets, where rights, encryption and masking apply to them. */
export function plainSecretViolations({ name, place, value }: OpenText): string[] {
  const remedy = "put it into a Secret and refer to it";
  if (namesSecret(name) && (value === notYetKnown || !isHarmless(value)))
    return [`${place} holds a secret as plain text: ${remedy}`];
  if (value === notYetKnown) throw new NotYetKnown(place);
  const seen = secretIn(value);
  if (seen) return [`${place} holds ${seen}: ${remedy}`];
  if (program.test(name)) return [];
  return secretSettings(value).map((entry) => `${place} sets "${entry}" to plain text: ${remedy}`);
}

function openTextsOf(resource: Resource): OpenText[] {
  if (kindOf(resource) === "ConfigMap")
    return entries(resource.inputs, "data").flatMap(([name, value]) => openText(name, `entry "${name}"`, value));
  return containersOf(resource).flatMap(({ name: container, definition }) => [
    ...list(definition, "env").flatMap((variable) => {
      const name = text(variable, "name") ?? "";
      return openText(name, `variable "${name}" of container "${container}"`, (variable as { value?: unknown }).value);
    }),
    ...["command", "args"].flatMap((part) =>
      entries({ ...list(definition, part) }).flatMap(([, word]) =>
        openText(part, `the ${part} of container "${container}"`, word),
      ),
    ),
  ]);
}

function openText(name: string, place: string, value: unknown): OpenText[] {
  return typeof value === "string" || value === notYetKnown ? [{ name, place, value }] : [];
}

export const plainSecrets = rule({
  name: "plain-secrets",
  requirement: "H14",
  description: "No secret stands in a ConfigMap, in a variable's literal value or on a command line.",
  why: "Whoever may read pods and ConfigMaps, which many may, would have the password.",
  remediation: "Put the value into a Secret and refer to it by secretKeyRef or a mounted file.",
  severity: "critical",
  sees: "resource",
  subjects: openTextsOf,
  check: plainSecretViolations,
});

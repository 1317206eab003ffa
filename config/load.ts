import type { z } from "zod";
import { SettingsError, problemsOf } from "./errors.ts";
import { isNoticeSecret, noticeSecretProblem, type NoticeSecret } from "./noticeSecrets.ts";
import type { Problem } from "./rules.ts";
import { rules } from "./rules/index.ts";
import { requiredSecrets } from "./rules/secrets.ts";
import { secretNames } from "./secrets.ts";
import { settingsSchema, type Settings } from "./settings.ts";

/** Configuration of a stack as Pulumi hands it to the program: "dify-ha:postgres" to JSON, "secrets:redisPassword" to text. */
export interface StackConfiguration {
  readonly stack: string;
  readonly values: Readonly<Record<string, string>>;
  /** Keys whose values are encrypted. */
  readonly secretKeys: readonly string[];
}

const project = "dify-ha";
const secrets = "secrets";

/**
 * The settings of a stack, checked as a whole before any resource is registered.
 * @throws SettingsError naming every problem; no secret is ever part of it.
 */
export function loadSettings(configuration: StackConfiguration): Settings {
  const given = namespaced(configuration.values, project);
  const givenSecrets = namespaced(configuration.values, secrets);
  const sections = Object.keys(settingsSchema.shape) as (keyof Settings)[];
  const problems: Problem[] = [
    ...unknown(project, Object.keys(given), sections),
    ...secretProblems(givenSecrets, configuration.secretKeys),
  ];

  const parsed: Partial<Record<keyof Settings, unknown>> = {};
  for (const section of sections) {
    const schema: z.ZodType = settingsSchema.shape[section];
    const value = fromJson(section, given[section]);
    if ("path" in value) {
      problems.push(value);
      continue;
    }
    const result = schema.safeParse(value.value, { reportInput: true });
    if (result.success) parsed[section] = result.data;
    else
      problems.push(
        ...problemsOf(section, schema, result.error.issues, {
          secret: configuration.secretKeys.includes(`${project}:${section}`),
        }),
      );
  }

  for (const { sections: needed, check } of rules)
    if (needed.every((section) => section in parsed)) problems.push(...check(parsed as Settings));

  for (const { name, path } of requiredSecrets(parsed as Partial<Settings>))
    if (!(name in givenSecrets))
      problems.push({
        path: `${secrets}:${name}`,
        problem: `is missing, and ${path} names a server that has one already`,
        remedy: `give it with: pulumi config set --secret ${secrets}:${name}`,
      });

  if (problems.length > 0) throw new SettingsError(configuration.stack, problems);
  return parsed as Settings;
}

/** Keys of one namespace, without it. */
function namespaced(values: Readonly<Record<string, string>>, namespace: string): Record<string, string> {
  const own = Object.entries(values).filter(([key]) => key.startsWith(`${namespace}:`));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(namespace.length + 1), value]));
}

function unknown(namespace: string, keys: readonly string[], known: readonly string[]): Problem[] {
  return keys
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: `${namespace}:${key}`, problem: "is unknown", remedy: `known are ${known.join(", ")}` }));
}

function fromJson(section: string, text: string | undefined): { readonly value: unknown } | Problem {
  if (text === undefined) return { value: undefined };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return {
      path: section,
      problem: "is not a map of settings",
      remedy: `write it as YAML below ${project}:${section}`,
    };
  }
}

function secretProblems(given: Readonly<Record<string, string>>, encrypted: readonly string[]): Problem[] {
  const plain = Object.keys(given).filter((name) => !encrypted.includes(`${secrets}:${name}`));
  const [ofNotices, others] = [true, false].map((notice) =>
    Object.entries(given).filter(([name]) => isNoticeSecret(name) === notice),
  ) as [[NoticeSecret, string][], [string, string][]];
  const result = secretNames.safeParse(Object.fromEntries(others), { reportInput: true });
  return [
    ...plain.map((name) => ({
      path: `${secrets}:${name}`,
      problem: "stands in the configuration in plain text",
      remedy: `change it, and set it with: pulumi config set --secret ${secrets}:${name}`,
    })),
    ...(result.success ? [] : problemsOf(secrets, secretNames, result.error.issues, { secret: true })).map(
      ({ path, ...rest }) => ({ path: path.replace(`${secrets}.`, `${secrets}:`), ...rest }),
    ),
    ...ofNotices.flatMap(([name, value]) => {
      const remedy = noticeSecretProblem(name, value);
      return remedy ? [{ path: `${secrets}:${name}`, problem: "is a text that does not fit", remedy }] : [];
    }),
  ];
}

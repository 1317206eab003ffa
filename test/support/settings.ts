import { loadSettings } from "../../config/load.ts";
import { noticeSecrets } from "../../config/noticeSecrets.ts";
import { noticesSettings } from "../../config/notices.ts";
import { secretNames } from "../../config/secrets.ts";
import type { Settings } from "../../config/settings.ts";

/** Settings as a stack file would give them: sections by name, what is left out is the default; every secret is given. */
export function settings(sections: Readonly<Record<string, unknown>> = {}): Settings {
  const given = Object.entries(sections).map(([name, value]) => [`dify-ha:${name}`, JSON.stringify(value)]);
  const notices = noticesSettings.safeParse(sections["notices"]).data;
  const secrets = [
    ...Object.keys(secretNames.shape).map((name) => [`secrets:${name}`, "x".repeat(48)]),
    ...(notices ? noticeSecrets(notices) : []).map(({ name }) => [`secrets:${name}`, `https://example.com/${name}`]),
  ];
  return loadSettings({
    stack: "test",
    values: Object.fromEntries([...given, ...secrets]) as Record<string, string>,
    secretKeys: secrets.map(([key = ""]) => key),
  });
}

import * as pulumi from "@pulumi/pulumi";
import { SettingsError } from "./errors.ts";
import { loadSettings } from "./load.ts";
import type { Settings } from "./settings.ts";

/** Whether a value is encrypted; the SDK has the function but leaves it out of its types. */
const { isConfigSecret } = pulumi.runtime as unknown as { readonly isConfigSecret: (key: string) => boolean };

/**
 * The settings of the stack that Pulumi runs.
 * @throws pulumi.RunError with the one message of a SettingsError, which Pulumi shows without a stack trace.
 */
export function stackSettings(): Settings {
  const values = pulumi.runtime.allConfig();
  try {
    return loadSettings({
      stack: pulumi.getStack(),
      values,
      secretKeys: Object.keys(values).filter(isConfigSecret),
    });
  } catch (error) {
    if (error instanceof SettingsError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

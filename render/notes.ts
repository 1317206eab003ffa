import { checksumAnnotation } from "../components/workload/checksum.ts";
import type { Rendering } from "./manifests.ts";

/** What a reader must know of a rendering, as Markdown: what is left out, and what is a stand-in. */
export function notes(stack: string, { manifests, secrets, others }: Rendering): string {
  const placeholders = manifests.filter(({ hasPlaceholders }) => hasPlaceholders);
  return [
    `# Stack ${stack}, rendered`,
    `${manifests.length} objects, rendered by \`npm run render\` without an engine or a cluster. docs/rendering.md says what they are good for.`,
    "## Secrets left out",
    ...(secrets.length > 0
      ? [
          "Pods read these; rendering with `--secrets` shows their shape.",
          list(secrets.map(({ namespace, name, keys }) => `\`${namespace}/${name}\`: ${code(keys)}`)),
        ]
      : ["None: what is generated or encrypted has stand-ins."]),
    "## Stand-ins",
    `What only a provider computes (passwords, keys, certificates, identities) is a stand-in that names its resource. Of the same are the checksums in \`${checksumAnnotation}\` made: they change with the configuration, but are not those of the stack. These objects hold stand-ins:`,
    list(placeholders.map(({ path }) => `\`${path}\``)),
    "## Not of Kubernetes",
    "Resources of other providers, which have no manifest:",
    list(Object.entries(others).map(([type, count]) => `${count} x \`${type}\``)),
  ].join("\n\n");
}

const list = (lines: readonly string[]) => (lines.length > 0 ? lines.map((line) => `- ${line}`).join("\n") : "- none");
const code = (words: readonly string[]) => words.map((word) => `\`${word}\``).join(", ");

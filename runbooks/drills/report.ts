import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { shown } from "../backups/shown.ts";
import { archiveFolder, quarterAt, quarterOf, readArchive } from "./archive.ts";
import type { OpenDrills } from "./open.ts";
import { reportOf } from "./reportText.ts";

export interface ReportOptions {
  /** Such as "2026-Q4". @default the current one */
  readonly quarter: string | undefined;
  /** Folder for the files. */
  readonly to: string;
  /** Leave the bucket as it is. */
  readonly local: boolean;
}

/** `drills report`: the drills of a quarter, as Markdown and HTML; archived beside the catalogue. */
export async function report({ bucket }: OpenDrills, { quarter: name, to, local }: ReportOptions): Promise<boolean> {
  const quarter = name === undefined ? quarterAt(new Date()) : quarterOf(name);
  const archive = await shown("Read results", (progress) =>
    readArchive(bucket, { wanted: (began) => began >= quarter.from && began < quarter.to, progress }),
  );
  const { markdown, html } = reportOf(archive, quarter);
  await mkdir(to, { recursive: true });
  for (const [extension, text, type] of [
    ["md", markdown, "text/markdown"],
    ["html", html, "text/html"],
  ] as const) {
    const file = join(to, `drills-${quarter.name}.${extension}`);
    await writeFile(file, text);
    const key = `${archiveFolder}reports/${quarter.name}.${extension}`;
    if (!local) await bucket.put(key, text, `${type}; charset=utf-8`);
    console.log(`${file}${local ? "" : `, and ${key} in bucket ${bucket.name}`}`);
  }
  return true;
}

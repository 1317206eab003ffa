import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "../local/failure.ts";
import { manifestText, type Rendering } from "./manifests.ts";
import { notes } from "./notes.ts";

const notesFile = "RENDERED.md";

/** First words of every file of ours: what has them may be written anew or removed. */
const mark = (stack: string) => `Rendered from stack ${stack} by npm run render; what is changed here is lost.`;

export interface WriteOptions {
  /** Write into a folder that holds files of others, and over those that are in the way. */
  readonly force: boolean;
}

/**
 * Writes a rendering into a folder, and removes what an earlier one left there. Files of others stay.
 * @throws Failure before anything is changed, where files of others are in the way.
 */
export async function writeRendering(
  folder: string,
  stack: string,
  rendering: Rendering,
  { force }: WriteOptions,
): Promise<void> {
  const wanted = new Map(
    rendering.manifests.map((manifest) => [manifest.path, `# ${mark(stack)}\n${manifestText(manifest)}`]),
  );
  wanted.set(notesFile, `<!-- ${mark(stack)} -->\n\n${notes(stack, rendering)}\n`);
  const present = await filesIn(folder);
  const own = await ownFiles(folder, stack, present, wanted);
  if (!force) refuseForeign(folder, stack, present, own, wanted);
  for (const [path, text] of wanted) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  for (const path of own) if (!wanted.has(path)) await rm(join(folder, path));
}

/** Everything in the folder, by its path in there; nothing where it does not exist. */
async function filesIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new Failure(`${folder} is no folder that can be read: ${(error as Error).message}`);
  });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, "/").length));
}

async function ownFiles(
  folder: string,
  stack: string,
  present: readonly string[],
  wanted: ReadonlyMap<string, string>,
): Promise<Set<string>> {
  const own = new Set<string>();
  for (const path of present.filter((name) => name === notesFile || name.endsWith(".yaml"))) {
    const text = await readFile(join(folder, path), "utf8");
    // Empty: left by a run that was killed as it began to write.
    if (text.split("\n", 1)[0]?.includes(mark(stack)) || (text === "" && wanted.has(path))) own.add(path);
  }
  return own;
}

function refuseForeign(
  folder: string,
  stack: string,
  present: readonly string[],
  own: ReadonlySet<string>,
  wanted: ReadonlyMap<string, string>,
): void {
  const remedy = "Name another folder, or write beside and over them with --force.";
  if (present.length > 0 && own.size === 0)
    throw new Failure(
      `${folder} has files, such as ${present.toSorted()[0]}, and none was rendered from stack ${stack}. ${remedy}`,
    );
  const inTheWay = present.filter((path) => wanted.has(path) && !own.has(path));
  if (inTheWay.length > 0)
    throw new Failure(
      `Files that were not rendered from stack ${stack} are in the way: ${inTheWay.join(", ")}. ${remedy}`,
    );
}

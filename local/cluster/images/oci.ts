import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import { arch } from "node:process";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";

/** Files of an image: a folder with the owners, modes and times that they are to have. */
export interface Layer {
  readonly folder: string;
  /** Paths below it that are left out, such as "./.key". */
  readonly without?: readonly string[];
}

/** An image to be made. Layers that images share by identity are written once. */
export interface Image {
  /** Full names, with registry and tag. */
  readonly names: readonly string[];
  /** From the lowest to the highest. */
  readonly layers: readonly Layer[];
  readonly entrypoint?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How a layout refers to a blob. */
interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const types = {
  config: "application/vnd.oci.image.config.v1+json",
  // Uncompressed: made and imported on the same machine.
  layer: "application/vnd.oci.image.layer.v1.tar",
  manifest: "application/vnd.oci.image.manifest.v1+json",
} as const;

const platform = { os: "linux", architecture: arch === "x64" ? "amd64" : arch };

/**
 * Writes images as an OCI layout, which `tar` makes an archive of, into a folder that is made for it. Needs neither a daemon nor
 * more memory than a buffer. Names stand in the index as containerd reads them.
 */
export async function writeLayout(folder: string, images: readonly Image[]): Promise<void> {
  await mkdir(blobsOf(folder), { recursive: true });
  const written = new Map<Layer, Descriptor>();
  const manifests: object[] = [];
  for (const image of images) {
    const layers: Descriptor[] = [];
    for (const layer of image.layers) {
      const descriptor = written.get(layer) ?? (await writeLayer(folder, layer));
      written.set(layer, descriptor);
      layers.push(descriptor);
    }
    const config = await writeBlob(folder, types.config, configOf(image, layers));
    const manifest = { schemaVersion: 2, mediaType: types.manifest, config, layers };
    const described = { ...(await writeBlob(folder, types.manifest, manifest)), platform };
    for (const name of image.names) manifests.push({ ...described, annotations: { "io.containerd.image.name": name } });
  }
  await writeFile(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  await writeFile(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

const blobsOf = (folder: string): string => join(folder, "blobs", "sha256");

function configOf({ entrypoint = [], env = {} }: Image, layers: readonly Descriptor[]): object {
  return {
    ...platform,
    config: {
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ...(entrypoint.length > 0 && { Entrypoint: entrypoint }),
      WorkingDir: "/",
    },
    // Of the contents, which for an uncompressed layer is the blob itself.
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  };
}

async function writeBlob(folder: string, mediaType: string, content: object): Promise<Descriptor> {
  const text = Buffer.from(JSON.stringify(content));
  const hex = createHash("sha256").update(text).digest("hex");
  await writeFile(join(blobsOf(folder), hex), text);
  return { mediaType, digest: `sha256:${hex}`, size: text.length };
}

/** Times are kept: Python compiles anew, at each start of a container, what seems to have changed since it was compiled. */
async function writeLayer(folder: string, { folder: source, without = [] }: Layer): Promise<Descriptor> {
  const unfinished = join(folder, `layer-${randomUUID()}`);
  const hash = createHash("sha256");
  const hashing = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const format = ["--format=posix", "--pax-option=delete=atime,delete=ctime", "--numeric-owner", "--sort=name"];
  const attributes = ["--xattrs", "--xattrs-include=security.capability", "--one-file-system"];
  const excluded = ["--anchored", ...without.map((path) => `--exclude=${path}`)];
  const tar = execa("tar", [...format, ...attributes, ...excluded, "-C", source, "-cf", "-", "."], { buffer: false });
  await Promise.all([tar, pipeline(tar.stdout, hashing, createWriteStream(unfinished))]);
  const hex = hash.digest("hex");
  await rename(unfinished, join(blobsOf(folder), hex));
  const { size } = await stat(join(blobsOf(folder), hex));
  return { mediaType: types.layer, digest: `sha256:${hex}`, size };
}

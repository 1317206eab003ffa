import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { Settings } from "../../../config/settings.ts";
import { homeOf, withAccounts, withGroups, type Account } from "./accounts.ts";
import { fullName } from "./names.ts";
import type { Image, Layer } from "./oci.ts";

/** Of Debian's programs older versions than Dify's stack runs; ours come first on PATH. */
export const dataPlanePrograms = ["etcd", "etcdctl", "minio"] as const;

/** What stands for the images of the data plane: the same files under every name, with what each is to bring along. */
export interface DataPlane {
  /** Images without layers yet. */
  readonly images: readonly Omit<Image, "layers">[];
  readonly accounts: readonly Account[];
}

/** HAProxy's account in its own image, which components/{postgres,redis}/proxy.ts run it as. */
const haproxy: Account = { name: "haproxy", id: 99 };

/** Settings whose pods run from the data plane's images. */
type DataSettings = Pick<Settings, "postgres" | "redis" | "objectStore" | "backup">;

/** Every image that these settings ask for, and the accounts that their programs run as. */
export function dataPlane({ postgres, redis, objectStore, backup }: DataSettings): DataPlane {
  const members = postgres.backend === "patroni" ? postgres : undefined;
  const servers = redis.backend === "sentinel" ? redis : undefined;
  const store = objectStore.backend === "minio" ? objectStore : undefined;
  const all = imagesIn([postgres, redis, objectStore, backup]).map(fullName);
  // Pods of the object store give arguments only: its image's entrypoint is the server.
  const served = store ? [fullName(store.image)] : [];
  const env = {
    PATH: `${members ? `${members.binDir}:` : ""}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    LANG: "C.UTF-8",
  };
  return {
    images: [
      { names: [...new Set(all)].filter((name) => !served.includes(name)).toSorted(), env },
      { names: served, env, entrypoint: ["minio"] },
    ].filter(({ names }) => names.length > 0),
    // Several share a number, as in their images: the first of them has it.
    accounts: distinct([
      ...(members ? [account("postgres", members.user), account("pgbouncer", members.pooler.user)] : []),
      ...(servers ? [account("redis", servers.user)] : []),
      ...(store ? [account("minio", store.user)] : []),
      haproxy,
    ]),
  };
}

/** The settings called "image", wherever they stand. */
function imagesIn(settings: object): string[] {
  return Object.entries(settings).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value === "object" && value !== null) return imagesIn(value);
    return key === "image" && typeof value === "string" ? [value] : [];
  });
}

const account = (name: string, id: number): Account => ({ name, id });

function distinct(accounts: readonly Account[]): Account[] {
  return accounts.filter(({ id }, i) => accounts.findIndex((other) => other.id === id) === i);
}

/** Lays out what the image has beyond Debian, in a folder that is made for it: programs, accounts and their homes. */
export async function layOutDataPlane(
  folder: string,
  { accounts }: DataPlane,
  from: { readonly rootfs: string; readonly programs: string },
): Promise<Layer> {
  await makeFolders(folder, "usr/local/bin", "etc", "home");
  for (const program of dataPlanePrograms)
    await addProgram(join(from.programs, program), folder, `usr/local/bin/${program}`);
  for (const [file, edit] of [
    ["etc/passwd", withAccounts],
    ["etc/group", withGroups],
  ] as const)
    await writeFile(join(folder, file), edit(readFileSync(join(from.rootfs, file), "utf8"), accounts), { mode: 0o644 });
  for (const account of accounts) {
    const owner = `${account.id}`;
    await execa("install", ["-d", "-m", "0755", "-o", owner, "-g", owner, join(folder, homeOf(account))]);
  }
  return { folder };
}

/** An image of one static program and nothing else. */
export async function layOutProgram(folder: string, program: string, name: string): Promise<Layer> {
  await mkdir(folder, { recursive: true });
  await addProgram(program, folder, name);
  return { folder };
}

/** `install` sets modes whatever the caller's mask is; a folder of the image takes the place of Debian's of the same name. */
async function makeFolders(folder: string, ...names: readonly string[]): Promise<void> {
  await execa("install", ["-d", "-m", "0755", folder, ...names.map((name) => join(folder, name))]);
}

async function addProgram(program: string, folder: string, name: string): Promise<void> {
  await execa("install", ["-m", "0755", program, join(folder, name)]);
}

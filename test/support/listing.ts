import type { Listing } from "../../runbooks/status/evidence.ts";

/** What mc has listed of a bucket (`mc --json ls --recursive`), as runbooks look at a bucket; its own network is out of their reach. */
export function listed(json: string): Listing {
  const lines = json.trim().split("\n").filter(Boolean);
  const all = lines
    .map((line) => JSON.parse(line) as { readonly key: string; readonly lastModified: string })
    .map(({ key, lastModified }) => ({ key, written: new Date(lastModified) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const objects = (prefix: string) => all.filter(({ key }) => key.startsWith(prefix));
  return {
    objects: (prefix, most) => Promise.resolve(objects(prefix).slice(0, most)),
    keys: (prefix, most) =>
      Promise.resolve(
        objects(prefix)
          .slice(0, most)
          .map(({ key }) => key),
      ),
    folders(folder) {
      const below = objects(folder).flatMap(({ key }) => /^([^/]+)\//.exec(key.slice(folder.length))?.[1] ?? []);
      return Promise.resolve([...new Set(below)]);
    },
    lockedUntil: () => Promise.reject(new Error("a listing does not say")),
  };
}

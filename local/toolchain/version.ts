export type Version = readonly [major: number, minor: number, patch: number];

/** The first x.y.z in a text such as "v3.259.0". */
export function parseVersion(text: string): Version | undefined {
  const found = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3])] : undefined;
}

export function atLeast(version: Version, bound: Version): boolean {
  for (const [i, part] of version.entries()) if (part !== bound[i]) return part > (bound[i] ?? 0);
  return true;
}

/** Servers and volumes, as the settings give them. */
export interface Drives {
  readonly servers: number;
  /** Volumes of each server. */
  readonly drives: number;
  readonly zones: number;
  /** Drives of a set that may be lost. @default what MinIO chooses for the size of the set */
  readonly parity?: number | undefined;
}

/** How MinIO places objects, and what is left when a zone is lost. */
export interface ErasureLayout {
  /** Drives of an erasure set: each object lies on all drives of one set. */
  readonly setSize: number;
  readonly sets: number;
  /** Drives of a set that may be lost without losing an object. */
  readonly parity: number;
  /** Part of the raw space that holds data. */
  readonly efficiency: number;
  /** Drives of a set that go with a zone, at worst. */
  readonly lostDrives: number;
  /** Servers that go with a zone, at worst. */
  readonly lostServers: number;
  /** Drives of a set that a write needs: the data's, and one more when they are no more than half. */
  readonly writeQuorum: number;
  /** Servers that must agree on a lock: more than half of those that share a set. */
  readonly lockQuorum: number;
  /** Servers that share a set. */
  readonly serversInSet: number;
}

const smallestSet = 2;
const largestSet = 16;

/** MinIO's standard parity by the size of a set (storage-class.go, DefaultParityBlocks). */
export function defaultParity(setSize: number): number {
  if (setSize <= 3) return 1;
  if (setSize <= 5) return 2;
  return setSize <= 7 ? 3 : 4;
}

/**
 * Size of MinIO's erasure sets: the largest of 2 to 16 that divides all drives evenly and lies evenly over the servers
 * (endpoint-ellipses.go, getSetIndexes). Undefined when there is none: MinIO would refuse to start.
 */
export function erasureSetSize({ servers, drives }: Pick<Drives, "servers" | "drives">): number | undefined {
  for (let size = largestSet; size >= smallestSet; size -= 1) {
    const even = (servers * drives) % size === 0;
    const symmetric = servers > size ? servers % size === 0 : size % servers === 0;
    if (even && symmetric) return size;
  }
  return undefined;
}

/** The layout that MinIO would choose; undefined when there is none. */
export function erasureLayout({ servers, drives, zones, parity: wanted }: Drives): ErasureLayout | undefined {
  const setSize = erasureSetSize({ servers, drives });
  if (setSize === undefined) return undefined;
  const parity = wanted ?? defaultParity(setSize);
  const dataDrives = setSize - parity;
  const serversInSet = Math.min(servers, setSize);
  // Pods are spread by number, not by name: a set that spans fewer than all servers may have a zone's full share of them.
  const lostServers = Math.min(Math.ceil(servers / zones), serversInSet);
  return {
    setSize,
    sets: (servers * drives) / setSize,
    parity,
    efficiency: dataDrives / setSize,
    lostDrives: (setSize / serversInSet) * lostServers,
    lostServers,
    writeQuorum: dataDrives === parity ? dataDrives + 1 : dataDrives,
    lockQuorum: Math.floor(serversInSet / 2) + 1,
    serversInSet,
  };
}

/** What a loss of a zone would stop, each with its arithmetic; none when reads and writes go on. */
export function zoneLossProblems(layout: ErasureLayout): string[] {
  const { setSize, parity, lostDrives, lostServers, writeQuorum, lockQuorum, serversInSet } = layout;
  const left = setSize - lostDrives;
  const share = `a zone has up to ${lostDrives} of the ${setSize} drives of an erasure set`;
  return [
    ...(lostDrives > parity
      ? [`reads would stop: ${share}, and no more than ${parity} may be lost (EC:${parity})`]
      : []),
    ...(left < writeQuorum ? [`writes would stop: ${share}, ${left} are left and a write needs ${writeQuorum}`] : []),
    ...(serversInSet - lostServers < lockQuorum
      ? [
          `locks would stop: a zone has up to ${lostServers} of the ${serversInSet} servers of an erasure set, ${serversInSet - lostServers} are left and a lock needs ${lockQuorum}`,
        ]
      : []),
  ];
}

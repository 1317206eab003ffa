import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

/** Whether something can listen on this port of 127.0.0.1. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Ports from which Linux takes none for outgoing connections: one found free stays free until it is listened on. */
const lowest = 20_000;
const highest = 32_000;

/** So many free neighbouring ports of 127.0.0.1. */
export async function findFreePorts(count: number): Promise<number[]> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = lowest + Math.floor(Math.random() * (highest - lowest - count));
    const ports = Array.from({ length: count }, (_, i) => first + i);
    const free = await Promise.all(ports.map(isPortFree));
    if (free.every(Boolean)) return ports;
  }
  throw new Error(`No ${count} neighbouring free ports between ${lowest} and ${highest} on 127.0.0.1.`);
}

/** Who listens on a port, as "pid 12 (nginx)", as far as /proc lets us see it. */
export function portHolder(port: number): string | undefined {
  const sockets = ["tcp", "tcp6"].flatMap((table) => listeningSockets(table, port));
  if (sockets.length === 0) return undefined;
  const wanted = new Set(sockets.map((inode) => `socket:[${inode}]`));
  const pid = readdirSync("/proc").find(
    (name) => /^\d+$/.test(name) && openFiles(name).some((file) => wanted.has(file)),
  );
  return pid && `pid ${pid} (${readFileSync(`/proc/${pid}/comm`, "utf8").trim()})`;
}

/** Inodes of the sockets that listen on the port: state 0A in /proc/net/tcp (proc(5)). */
function listeningSockets(table: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync(`/proc/net/${table}`, "utf8")
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === "0A" && local?.endsWith(`:${hex}`))
    .flatMap((fields) => fields[9] ?? []);
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return []; // Closed meanwhile.
      }
    });
  } catch {
    return []; // Ended meanwhile, or another user's.
  }
}

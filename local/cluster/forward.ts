import { rmSync } from "node:fs";
import { connect, createServer, type NetConnectOpts } from "node:net";

/**
 * Hands connections on, from TCP to a Unix socket or back: the two ends of a way between network namespaces, since a Unix socket is the
 * same file in all of them. Arguments: pairs of FROM and TO, each a port of 127.0.0.1 or a path.
 */
const end = (text: string): { host: string; port: number } | { path: string } =>
  /^\d+$/.test(text) ? { host: "127.0.0.1", port: Number(text) } : { path: text };

const pairs = process.argv.slice(2);
for (let i = 0; i < pairs.length; i += 2) forward(end(pairs[i] ?? ""), end(pairs[i + 1] ?? ""));

function forward(from: ReturnType<typeof end>, to: NetConnectOpts): void {
  if ("path" in from) rmSync(from.path, { force: true });
  createServer((incoming) => {
    const outgoing = connect(to);
    incoming.pipe(outgoing).pipe(incoming);
    // One end that is gone takes the other with it.
    incoming.on("error", () => outgoing.destroy()).on("close", () => outgoing.destroy());
    outgoing.on("error", () => incoming.destroy()).on("close", () => incoming.destroy());
  }).listen(from);
}

import { createSocket } from "node:dgram";
import { freePort } from "./servers/server.ts";

/** A name server on loopback that answers for addresses of IPv4 what the test says, and that nothing else exists. */
export interface NameServer {
  /** As nginx writes it: "127.0.0.1:5353". */
  readonly address: string;
  /** Addresses by name; may be changed while it runs. */
  readonly names: Map<string, readonly string[]>;
  stop(): void;
}

export async function startNameServer(names: Record<string, readonly string[]>): Promise<NameServer> {
  const known = new Map(Object.entries(names));
  const socket = createSocket("udp4");
  socket.on("message", (query, { port, address }) => socket.send(answer(query, known), port, address));
  const port = await freePort();
  await new Promise<void>((done) => socket.bind(port, "127.0.0.1", done));
  return { address: `127.0.0.1:${port}`, names: known, stop: () => socket.close() };
}

/** RFC 1035: the header, the question as it came, and one record of 16 bytes an address. */
function answer(query: Buffer, names: ReadonlyMap<string, readonly string[]>): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  const question = query.subarray(12, at + 5);
  const isAddress = query.readUInt16BE(at + 1) === 1;
  const known = names.get(labels.join("."));
  const addresses = (isAddress && known) || [];

  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) => {
    const record = Buffer.from("c00c00010001000000010004", "hex");
    return Buffer.concat([record, Buffer.from(address.split(".").map(Number))]);
  });
  return Buffer.concat([header, question, ...records]);
}

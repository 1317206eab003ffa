import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { TLSSocket } from "node:tls";
import type { Certificate } from "./certificates.ts";

/** A message as it was handed over. */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** User and password. */
  readonly login: string | undefined;
  readonly encrypted: boolean;
  /** Headers and body. */
  readonly text: string;
}

/** A mail server on loopback that keeps what it gets. */
export interface MailServer {
  readonly port: number;
  readonly mails: readonly Mail[];
  stop(): Promise<void>;
}

/** Starts one. @param certificate For STARTTLS, which it does not offer without. */
export async function startMailServer(certificate?: Certificate): Promise<MailServer> {
  const mails: Mail[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).write("220 test ESMTP\r\n");
    converse(socket, certificate, mails);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function converse(socket: Socket, certificate: Certificate | undefined, mails: Mail[]): void {
  const encrypted = socket instanceof TLSSocket;
  const say = (text: string) => socket.write(`${text}\r\n`);
  let [from, login, data] = ["", undefined as string | undefined, undefined as string[] | undefined];
  let to: string[] = [];
  const lines = createInterface(socket);
  lines.on("line", (line) => {
    if (data) {
      if (line !== ".") return void data.push(line);
      mails.push({ from, to, login, encrypted, text: data.join("\n") });
      [data, to] = [undefined, []];
      return void say("250 kept");
    }
    const [verb = "", rest = ""] = [line.slice(0, 4).toUpperCase(), line.slice(5)];
    switch (verb) {
      case "EHLO": {
        const offers = encrypted ? ["AUTH PLAIN"] : certificate ? ["STARTTLS"] : [];
        return void say(["250-test", ...offers.map((offer) => `250-${offer}`), "250 8BITMIME"].join("\r\n"));
      }
      case "STAR": {
        say("220 go on");
        lines.close();
        const secure = new TLSSocket(socket, { isServer: true, key: certificate?.key, cert: certificate?.certificate });
        secure.on("error", () => secure.destroy());
        return converse(secure, certificate, mails);
      }
      case "AUTH":
        login = Buffer.from(rest.replace("PLAIN ", ""), "base64").toString().split("\0").slice(1).join(":");
        return void say("235 welcome");
      case "MAIL":
        from = addressIn(rest);
        return void say("250 ok");
      case "RCPT":
        to.push(addressIn(rest));
        return void say("250 ok");
      case "DATA":
        data = [];
        return void say("354 go on");
      case "QUIT":
        say("221 bye");
        return void socket.end();
      default:
        return void say("250 ok");
    }
  });
}

const addressIn = (text: string): string => /<(.*)>/.exec(text)?.[1] ?? "";

import { randomBytes } from "node:crypto";
import type { DebianProgram, DebianResult } from "../../../local/debian/run.ts";
import { runInDebian } from "../debian.ts";
import type { Certificate } from "./certificates.ts";
import { ask, freePort, mountsOf, startServer, type Server } from "./server.ts";

export interface MinioServer extends Server {
  readonly endpoint: string;
  readonly rootUser: string;
  readonly rootPassword: string;
  /** How a program under test reaches it with `mc`, under the alias "store", as root unless it is given other credentials. */
  clientOf(user?: { readonly name: string; readonly password: string }): Required<Pick<DebianProgram, "env" | "files">>;
  /** Runs `mc` as root; "store" is the alias. @throws what mc says. */
  mc(...args: string[]): Promise<string>;
  /** Runs `mc` as somebody else, to see what is refused. */
  mcAs(user: { readonly name: string; readonly password: string }, ...args: string[]): Promise<DebianResult>;
}

/**
 * MinIO with one drive, empty, on 127.0.0.1, with a KMS key "test-key": versions, locks and encryption work as in a cluster.
 * @param tls As pgBackRest needs it. @default plain HTTP
 */
export async function startMinio({ tls }: { readonly tls?: Certificate } = {}): Promise<MinioServer> {
  const [port, consolePort] = [await freePort(), await freePort()];
  const rootUser = "root-of-test";
  const rootPassword = randomBytes(12).toString("hex");
  const scheme = tls ? "https" : "http";
  const server = await startServer(
    {
      argv: [
        "minio",
        "server",
        `--address=127.0.0.1:${port}`,
        `--console-address=127.0.0.1:${consolePort}`,
        "--certs-dir=/etc/test/certs",
        "/var/lib/minio",
      ],
      env: {
        MINIO_ROOT_USER: rootUser,
        MINIO_ROOT_PASSWORD: rootPassword,
        MINIO_KMS_SECRET_KEY: `test-key:${randomBytes(32).toString("base64")}`,
        MINIO_BROWSER: "off",
      },
      files: tls ? { "/etc/test/certs/public.crt": tls.certificate, "/etc/test/certs/private.key": tls.key } : {},
      mounts: mountsOf("minio"),
    },
    port,
    /API: http/,
  );
  const clientOf: MinioServer["clientOf"] = (user = { name: rootUser, password: rootPassword }) => ({
    env: { MC_HOST_store: `${scheme}://${user.name}:${user.password}@127.0.0.1:${port}` },
    files: tls ? { "/root/.mc/certs/CAs/test.crt": tls.authority } : {},
  });
  return {
    ...server,
    endpoint: `${scheme}://127.0.0.1:${port}`,
    rootUser,
    rootPassword,
    clientOf,
    mc: (...args) => ask({ argv: ["mc", ...args], ...clientOf() }),
    mcAs: (user, ...args) => runInDebian({ argv: ["mc", ...args], ...clientOf(user) }),
  };
}

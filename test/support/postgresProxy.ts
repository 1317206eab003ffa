import { clientPath } from "../../components/postgres/clientPath.ts";
import { haproxyConfig } from "../../components/postgres/haproxyConfig.ts";
import { hostOf, membersOf, poolerHost, poolersAtMost } from "../../components/postgres/layout.ts";
import { script } from "../../components/postgres/scripts.ts";
import { failoverTiming } from "../../components/postgres/timing.ts";
import type { PatroniSettings } from "../../config/postgres.ts";
import type { DebianProgram } from "../../local/debian/run.ts";
import { cluster } from "./postgresSample.ts";

export const proxyFile = "/etc/haproxy/haproxy.cfg";

/** The proxy as a node has it, from the very files that the program renders, on an address of a shared loopback in place of all of its own. */
export function proxyProgram(
  settings: PatroniSettings,
  { address, authority }: { readonly address: string; readonly authority: string },
): Required<Pick<DebianProgram, "argv" | "files">> & { readonly files: Readonly<Record<string, string>> } {
  const timing = failoverTiming(settings);
  const config = haproxyConfig({
    domain: hostOf("members", cluster),
    members: membersOf("members", settings.members, cluster),
    poolers: { host: poolerHost(cluster), most: poolersAtMost(settings.pooler) },
    check: timing.check,
    path: clientPath(timing),
    authorityFile: "/etc/haproxy/ca.crt",
    script: "/opt/dify-ha/proxy.lua",
    maxConnections: settings.maxConnections,
    maxClients: 100,
  });
  return {
    argv: ["haproxy", "-W", "-db", "-f", proxyFile],
    files: {
      [proxyFile]: config.replaceAll("bind :", `bind ${address}:`).replaceAll("again 127.0.0.1:", `again ${address}:`),
      "/etc/haproxy/ca.crt": authority,
      "/opt/dify-ha/proxy.lua": script("proxy.lua"),
    },
  };
}

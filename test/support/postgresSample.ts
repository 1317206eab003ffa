import { certificateNames, lastingHosts, names, tlsFiles } from "../../components/postgres/layout.ts";
import { clusterSettings } from "../../config/cluster.ts";
import { postgresSettings, type PatroniSettings } from "../../config/postgres.ts";
import { issueCertificates, type Certificate } from "./servers/certificates.ts";

/** Where members of a cluster on one loopback listen, one address a pod. */
export const addressOf = (area: number, index: number) => `127.0.${area}.${index + 1}`;
export const areas = { etcd: 1, members: 2, proxy: 3, pooler: 4, stores: 5 } as const;

export const passwords = {
  dify: "password of dify",
  plugin: "password of the plugin daemon",
  pooler: "password of the lookup",
  poolerAdmin: 'password of the "console"',
  patroni: "password of patroni",
} as const;

/** Object stores of the sites: what is called so in the network of a cluster. */
export const storeHosts = ["minio.test", "offsite.test"] as const;

export const cluster = clusterSettings.parse({});

/** As small as it gets, with all of the shape. */
export function smallSettings(changes: Record<string, unknown> = {}): PatroniSettings {
  const settings = postgresSettings.parse({
    storage: "2Gi",
    resources: { memory: "768Mi" },
    maxConnections: 60,
    pooler: { pools: { dify: 8, plugin: 4 }, drain: 1 },
    ...changes,
  });
  if (settings.backend !== "patroni") throw new Error("not under Patroni");
  return settings;
}

export type Party = "etcd" | "postgres" | "pgbouncer" | "postgres-bootstrap" | "postgres-backup" | "minio";

export function issueClusterCertificates(): Promise<Record<Party, Certificate>> {
  return issueCertificates<Party>({
    etcd: [...certificateNames("etcd", cluster), ...lastingHosts("etcd", 3, cluster), "127.0.0.1"],
    postgres: [
      ...certificateNames("members", cluster),
      ...lastingHosts("members", 3, cluster),
      ...certificateNames("proxy", cluster),
    ],
    pgbouncer: certificateNames("pooler", cluster),
    [names.bootstrap]: [],
    [names.backup]: [],
    minio: [...storeHosts],
  });
}

/** A certificate as a Secret's volume shows it. */
export function tlsVolume(folder: string, { authority, certificate, key }: Certificate): Record<string, string> {
  const files = tlsFiles(folder);
  return { [files.authority]: authority, [files.certificate]: certificate, [files.key]: key };
}

/** PgBouncer, and what happens before its container is told to stop: here when USR1 comes. Somebody else must be its parent, to see it end. */
export const poolerPod = `#!/bin/sh
sh -c 'pgbouncer /etc/pgbouncer/test.ini & echo $! >/tmp/pid'
stop() { POOLER_PID=$(cat /tmp/pid) sh /opt/dify-ha/drain-pooler.sh; exit $?; }
trap stop USR1
while :; do sleep 0.2; done
`;

import type { ClusterSettings } from "../../config/cluster.ts";
import { namespaceNames } from "../network/namespaces.ts";
import { serviceHost } from "../workload/service.ts";

/** Ports of the parts, as they stand in the table of flows. */
export const ports = {
  etcd: { client: 2379, peer: 2380, metrics: 2381 },
  member: { postgres: 5432, patroni: 8008, pgbackrest: 8432 },
  proxy: { primary: 5000, standbys: 5001, pooler: 6432, health: 8404 },
  pooler: 6432,
} as const;

/** Where things lie in the containers of a member. */
export const paths = {
  /** Root of the member's volume. */
  volume: "/pgdata",
  data: "/pgdata/data",
  /** What pgBackRest has still to do: survives a restart of the container. */
  spool: "/pgdata/spool",
  /** Only containers of the same pod reach the sockets in it. */
  sockets: "/run/postgres",
  config: "/etc/patroni",
  tls: "/etc/postgres-tls",
  repository: "/etc/pgbackrest",
  /** A file for each repository whose store no public authority vouches for: repo1.crt, repo2.crt. */
  repositoryAuthorities: "/etc/pgbackrest-authorities",
  scripts: "/opt/dify-ha",
} as const;

/** A certificate's three files, as the Secret has them. */
export function tlsFiles(folder: string): Readonly<Record<"authority" | "certificate" | "key", string>> {
  return { authority: `${folder}/ca.crt`, certificate: `${folder}/tls.crt`, key: `${folder}/tls.key` };
}

/** Group may read: the Secret's files belong to root, and Postgres, libpq and pgBackRest accept a key of root's that their group reads. */
export const keyMode = 0o440;

/**
 * Names of the parts, which are labels and Services too. Two Services lead to the proxies: their own, for the members,
 * and the poolers', by whose name and certificate clients know PostgreSQL.
 */
export const names = {
  etcd: "etcd",
  members: "postgres",
  proxy: "postgres-haproxy",
  pooler: "pgbouncer",
  bootstrap: "postgres-bootstrap",
  replicationCheck: "replication-check",
  /** Jobs of backups; what their certificate says. */
  backup: "postgres-backup",
} as const;

/** Service that names each pooler by its own address, for the proxies. */
export const poolerPods = `${names.pooler}-pods`;

/** Patroni's scope and namespace, which are the start of its keys in etcd; and the name of pgBackRest's stanza. */
export const scope = "dify";
export const keyPrefix = "/dify-ha/";

/** Databases and roles of our own. */
export const databases = { dify: "dify", plugin: "dify_plugin" } as const;
export const roles = {
  superuser: "postgres",
  replication: "standby",
  rewind: "rewind",
  /** With which PgBouncer looks up other roles. */
  pooler: "pooler",
  /** Of PgBouncer's own console: PAUSE, RESUME. No role of Postgres. */
  poolerAdmin: "pooler_admin",
  /** Reads everything and names restore points: backups. */
  backup: "backup",
} as const;

type Prefixed = Pick<ClusterSettings, "prefix">;

/** Name under which a part is called from every namespace. */
export function hostOf(part: keyof typeof names, cluster: Prefixed): string {
  return serviceHost(names[part], namespaceNames(cluster).data);
}

/** Name that leads to each pooler's own address. */
export function poolerHost(cluster: Prefixed): string {
  return serviceHost(poolerPods, namespaceNames(cluster).data);
}

/** Poolers there can be at once: those that end, those that take their place, and one more during an update. */
export function poolersAtMost({ replicas }: { readonly replicas: number }): number {
  return 2 * replicas + 1;
}

/** Names of the members of a StatefulSet, each with the host name under which its peers call it. */
export function membersOf(
  part: "etcd" | "members",
  count: number,
  cluster: Prefixed,
): readonly { readonly name: string; readonly host: string }[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `${names[part]}-${i}`;
    return { name, host: `${name}.${hostOf(part, cluster)}` };
  });
}

/**
 * Names of members that lead to Services of their own, whose addresses outlive the pods. Patroni remembers the address of a name for up to ten
 * minutes (DnsCachingResolver in its dcs/etcd.py, in place for all that it calls), and a pod has a new one after each restart of its node.
 */
export function lastingHosts(part: "etcd" | "members", count: number, cluster: Prefixed): string[] {
  return membersOf(part, count, cluster).map(({ name }) => serviceHost(name, namespaceNames(cluster).data));
}

/** Names that a part's certificate must carry: its own, with and without the cluster's domain, and its members'. */
export function certificateNames(part: keyof typeof names, cluster: Prefixed): string[] {
  const full = hostOf(part, cluster);
  const short = full.replace(/\.cluster\.local$/, "");
  return [full, `*.${full}`, short, `*.${short}`, "localhost"];
}

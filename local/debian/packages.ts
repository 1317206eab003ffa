/** Debian's release: the first with Patroni 4, PgBouncer 1.24 and pgBackRest 2.55. */
export const debianSuite = "trixie";

/** Every package of the local Debian, with what needs it. A change here rebuilds the root file system. */
export const debianPackages: Readonly<Record<string, string>> = {
  "ca-certificates": "authorities for clients that check TLS",
  curl: "scripts in pods; probes",
  "etcd-client": "scripts that look after Patroni's etcd",
  "etcd-server": "the store in which Patroni keeps the leader key",
  haproxy: "configurations in front of Postgres and Redis",
  iproute2: "loopback of a private network",
  "minio-client": "bootstrap of buckets, users and locks (as mc)",
  nginx: "configuration of the gateway",
  openssl: "certificates for tests; scripts that check them",
  patroni: "configuration of Postgres members",
  pgbackrest: "backups and archiving of Postgres",
  pgbouncer: "configuration of the poolers",
  "postgresql-17": "bootstrap of roles, databases and extensions",
  "postgresql-17-pgvector": "the extension vector",
  procps: "ps and pgrep in scripts",
  prometheus: "promtool: rules and scrape configurations",
  "prometheus-alertmanager": "amtool: routes of alerts",
  python3: "scripts in pods; starts the programs here (launch.py)",
  "python3-etcd": "Patroni's client of etcd, which its package only recommends",
  "python3-pycryptodome": "reading what Dify encrypted with its key pair (module Cryptodome)",
  "redis-sentinel": "configuration of the Sentinels",
  "redis-server": "configuration of the Redis servers; redis-cli",
  restic: "file backups with a check of their own",
  squid: "configuration of the sandbox's proxy",
};

/** Real servers for tests of scripts and configurations: each on a port of its own, empty, and gone with the test. */
export { issueCertificates, loopbackNames, type Certificate } from "./servers/certificates.ts";
export { startEtcd, type EtcdServer } from "./servers/etcd.ts";
export { startMinio, type MinioServer } from "./servers/minio.ts";
export { startPostgres, type PostgresServer } from "./servers/postgres.ts";
export { startHaproxy, startPgbouncer } from "./servers/proxies.ts";
export { startRedis, startSentinel, type RedisServer } from "./servers/redis.ts";
export { ask, freePort, startServer, type Server } from "./servers/server.ts";

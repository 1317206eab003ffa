import type { RedisSentinelSettings } from "../../config/redis.ts";
import { toBytes } from "../../config/units.ts";

/** Folder of the data on a server's volume; the Sentinel beside it keeps its state one folder above. */
export const dataFolder = "/data/redis";

/**
 * redis.conf as all members share it. What differs between them (address, password, master) is added when a server starts:
 * scripts/redis/start-server.sh.
 */
export function serverConfig(settings: Pick<RedisSentinelSettings, "maxMemory" | "maxLag">): string {
  return `# Shared by all members; scripts/redis/start-server.sh adds address, password and master.
dir ${dataFolder}
port 6379
protected-mode no
daemonize no
logfile ""
tcp-keepalive 60
timeout 0

# A broker must refuse what it cannot keep: an evicted key would be a lost task.
maxmemory ${toBytes(settings.maxMemory)}
maxmemory-policy noeviction

# Both formats: the append-only file loses at most a second when a node dies, the snapshot is what is backed up.
appendonly yes
appendfsync everysec
aof-use-rdb-preamble yes
save 3600 1 300 100 60 10000
rdbcompression yes
rdbchecksum yes

# A master that no replica hears must not acknowledge what it alone has.
min-replicas-to-write 1
min-replicas-max-lag ${settings.maxLag}
replica-read-only yes
replica-serve-stale-data yes
repl-diskless-sync yes
repl-diskless-sync-delay 1
repl-timeout 30
repl-backlog-size 64mb
repl-backlog-ttl 0
client-output-buffer-limit replica 512mb 128mb 60

# A master that is told to end waits for its replicas to catch up.
shutdown-timeout 10
`;
}

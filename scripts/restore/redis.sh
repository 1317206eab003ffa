#!/bin/sh
# Gives Redis the keys of a snapshot, and no others: B4, B14. Called by Jobs of CronJob restore-redis. The snapshot is loaded by a server of its own, which hands
# its keys to the master as a client would: replicas and Sentinels follow as ever. Environment: FILE; MEMBERS: host of each server; REDISCLI_AUTH; STEP:
# restore, or look, which reads the snapshot through and changes nothing.
set -eu
umask 077

say() { echo "restore-redis: $1"; }
fail() { echo "restore-redis: $1" >&2; exit 1; }
trap 'kill "$server" 2>/dev/null || true; rm -rf /tmp/loaded' EXIT
trap 'exit 143' TERM INT
server=

redis-check-rdb "$FILE" >/tmp/check || fail "$FILE is no whole snapshot: $(tail -n 3 /tmp/check | tr '\n' ' ')"
say "$(grep -o '[0-9]* keys read' /tmp/check || echo '0 keys read'), $(wc -c <"$FILE") bytes"
[ "$STEP" != look ] || exit 0
mkdir -p /tmp/loaded
socket=/tmp/loaded/socket
# By its socket alone; nobody but this pod reaches it.
redis-server --port 0 --unixsocket "$socket" --dir "$(dirname "$FILE")" --dbfilename "$(basename "$FILE")" --save '' --appendonly no >/tmp/loaded/log 2>&1 &
server=$!
loaded() { env -u REDISCLI_AUTH redis-cli -s "$socket" "$@"; }
until [ "$(loaded ping 2>/dev/null)" = PONG ]; do
  kill -0 "$server" 2>/dev/null || fail "the snapshot could not be loaded: $(tail -n 3 /tmp/loaded/log | tr '\n' ' ')"
  sleep 1
done

master=
for host in $MEMBERS; do
  case $(timeout 5 redis-cli -h "$host" info replication 2>/dev/null | tr -d '\r') in *role:master*) master=$host ;; esac
done
[ -n "$master" ] || fail "no server is the master: tried $MEMBERS. Look at the pods redis-*, and at Secret redis for the password"
say "$(loaded info keyspace | tr -d '\r' | sed -n 's/^\(db[0-9]*\):keys=\([0-9]*\).*/\1 has \2 keys/p' | tr '\n' ';') to $master"

redis-cli -e -h "$master" flushall >/dev/null || fail "$master could not be emptied"
# The password goes by standard input, and in no list of processes.
for db in $(loaded info keyspace | sed -n 's/^db\([0-9]*\):.*/\1/p'); do
  printf %s "$REDISCLI_AUTH" | loaded -e -x eval "$(cat "$(dirname "$0")/hand-over.lua")" 0 "$master" 6379 "$db" >/tmp/loaded/answer ||
    fail "db $db was not handed over: $(cat /tmp/loaded/answer). The next run empties $master and begins anew"
done
want=$(loaded info keyspace | grep -o 'keys=[0-9]*' | cut -d = -f 2 | awk '{ s += $1 } END { print s + 0 }')
have=$(redis-cli -h "$master" info keyspace | grep -o 'keys=[0-9]*' | cut -d = -f 2 | awk '{ s += $1 } END { print s + 0 }')
# Keys whose time is up go meanwhile.
say "done: $master has $have keys, the snapshot has $want"

#!/bin/sh
# Loads the snapshot into a server of its own, by a socket only: scripts/drills/drill.py. Environment: FOLDER.
set -eu

began=$(date +%s)
name="Redis loads its snapshot"
finding() { printf '%s\t%s\t%s\t%s\n' "$name" "$1" "$(($(date +%s) - began))" "$2" >>"$FOLDER/checks.tsv"; echo "drill: $name: $1. $2"; }
fail() { finding failed "$(printf %s "$1" | tr '\t\n' '  ' | cut -c 1-500)"; exit 0; }
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null' EXIT
trap 'echo "drill: was told to stop; there is no result" >&2; exit 143' TERM INT
ask() { timeout 10 redis-cli -s /tmp/redis.sock "$@" 2>/dev/null; }

file="$FOLDER/redis/dump.rdb"
[ -e "$file" ] || exit 0
redis-check-rdb "$file" >/tmp/check 2>&1 || fail "redis-check-rdb: $(tail -n 3 /tmp/check)"
# It writes nothing back.
redis-server --port 0 --unixsocket /tmp/redis.sock --dir "$FOLDER/redis" --dbfilename dump.rdb --save '' --appendonly no --daemonize no >/tmp/log 2>&1 &
server=$!
until ask ping | grep -q PONG; do
  kill -0 "$server" 2>/dev/null || fail "it does not start: $(tail -n 3 /tmp/log)"
  sleep 0.2
done
finding passed "$(ask info keyspace | tr -d '\r' | awk -F '[=,]' '/^db/ { keys += $2 } END { print keys + 0 }') keys in memory, of $(grep -o '[0-9]* keys read' /tmp/check || echo '0 keys read')"

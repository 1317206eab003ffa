#!/bin/sh
# Takes a snapshot of Redis from a replica and reads it through: B4. Called by CronJob redis-rdb; what it leaves is uploaded by upload.sh.
# Environment: MEMBERS: host of each server; REDISCLI_AUTH; FOLDER: empty, and as large as the data.
set -eu
umask 077

say() { echo "redis-rdb: $1"; }
fail() { echo "redis-rdb: $1" >&2; exit 1; }
trap 'kill "$child" 2>/dev/null; fail "was told to stop; nothing was uploaded"' TERM INT
run() { "$@" & child=$!; wait "$child"; }

# A replica that has all of its master's data; the master itself when there is none, as it pays with a copy of its memory.
source_host() {
  master=
  for host in $MEMBERS; do
    state=$(timeout 5 redis-cli -h "$host" info replication 2>/dev/null | tr -d '\r') || continue
    case $state in
      *role:slave*master_link_status:up*) echo "$host"; return ;;
      *role:master*) master=$host ;;
    esac
  done
  [ -n "$master" ] || return 1
  echo "$master"
}

rm -rf "${FOLDER:?}"/*
host=$(source_host) || fail "no server answers that has data: tried $MEMBERS. Look at the pods redis-*, and at Secret redis for the password"
say "from $host"
run redis-cli -h "$host" --rdb "$FOLDER/dump.rdb" || fail "$host did not send its data, the reason stands above (a short write: $FOLDER is full, its size is redis.storage)"
FILE=$FOLDER/dump.rdb sh "${0%/*}/redis-check.sh" || fail "what $host sent is of no use"

#!/bin/sh
# Starts a member: as master or replica, by what a majority of the Sentinels says. A master that comes back never serves an
# empty data set, nor an older one than a replica has. Environment: common.sh; YIELD_FOR: seconds that a returning master
# waits for another to take over.
set -eu
umask 077
# shellcheck source=/dev/null  # common.sh beside this file
. "${0%/*}/common.sh"

data=/data/redis
configuration=/run/redis/redis.conf

# Values of one field over all replicas that any Sentinel knows, one a line.
replicas() {
  for host in $MEMBERS; do
    sentinel "$host" replicas dify | sed -n "/^$1\$/{n;p;}"
  done
}

await_master() {
  tries=0
  until master=$(named_master "$(majority)") && [ -n "$master" ]; do
    tries=$((tries + 1))
    [ $((tries % 10)) -ne 1 ] || say "waiting: no majority of the Sentinels names a master yet"
    sleep 1
  done
}

has_data() { [ -s "$data/dump.rdb" ] || [ -n "$(ls "$data/appendonlydir" 2>/dev/null)" ]; }

quoted() { sed 's/[\\"]/\\&/g; s/.*/"&"/' "$1"; }

mkdir -p "$data"
self=$(address_of "$(own_host)")
await_master

# Writes that were acknowledged may have reached a replica and not this disk: the replicas go first.
if [ "$master" = "$self" ] && replicas flags | grep -qx slave; then
  say "was the master: a replica takes over"
  deadline=$(($(date +%s) + YIELD_FOR))
  while [ "$master" = "$self" ] && [ "$(date +%s)" -lt "$deadline" ]; do
    sleep 1
    await_master
  done
fi

# Replicas copy what their master has: an empty master would empty them.
if [ "$master" = "$self" ] && ! has_data && [ -n "$(replicas flags)" ]; then
  fail "refuses to be a master without data while replicas are known: bring one of them back, or delete the volumes of all members to begin anew"
fi

{
  cat /config/redis.conf
  echo "replica-announce-ip $self"
  echo "replica-announce-port 6379"
  [ -z "${LISTEN:-}" ] || echo "bind $LISTEN"
  echo "requirepass $(quoted /secrets/password)"
  echo "masterauth $(quoted /secrets/password)"
  [ "$master" = "$self" ] || echo "replicaof $master 6379"
} >"$configuration"
if [ "$master" = "$self" ]; then say "starts as master"; else say "starts as replica of $master"; fi
sh "${0%/*}/renew-links.sh" 6379 /secrets/password &
exec redis-server "$configuration"

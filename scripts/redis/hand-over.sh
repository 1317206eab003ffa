#!/bin/sh
# Before a member ends (preStop): a master hands over without losing a write. Writers are held, a replica catches up, Sentinel
# promotes it; this server then ends and the writers come back to the new master. Environment: common.sh; HAND_OVER: seconds.
set -u
# shellcheck source=/dev/null  # common.sh beside this file
. "${0%/*}/common.sh"

is_master() { [ "$(server role | head -n 1)" = master ]; }

# Highest position that a replica has confirmed.
confirmed() { server info replication | tr -d '\r' | sed -n 's/^slave[0-9]*:.*state=online,offset=\([0-9]*\),.*/\1/p' | sort -n | tail -n 1; }
position() { server info replication | tr -d '\r' | sed -n 's/^master_repl_offset://p'; }

# The Sentinel of this pod may be ending too: it is asked last.
ask_for_failover() {
  own=$(own_host)
  for host in $(echo "$MEMBERS" | tr ' ' '\n' | grep -vx "$own") "$own"; do
    if sentinel "$host" failover dify | grep -q OK; then return 0; fi
  done
  return 1
}

is_master || exit 0
deadline=$(($(date +%s) + HAND_OVER))
in_time() { [ "$(date +%s)" -lt "$deadline" ]; }

self=$(address_of "$(own_host)")
server client pause $((HAND_OVER * 1000)) write >/dev/null
goal=$(position)
until [ "$(confirmed)" -ge "$goal" ] 2>/dev/null; do
  in_time || fail "no replica has caught up within $HAND_OVER s: ends as master, Sentinels will replace it"
  sleep 0.1
done

ask_for_failover || say "no Sentinel starts a failover now: one may be under way"
until master=$(named_master "$(majority)") && [ -n "$master" ] && [ "$master" != "$self" ]; do
  in_time || fail "no other master within $HAND_OVER s: ends as master, Sentinels will replace it"
  sleep 0.2
done
say "handed over to $master"

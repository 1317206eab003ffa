#!/bin/sh
# Ends, once, the connections by which Sentinels and replicas reach this server or Sentinel: they make them anew at once. One that was asked
# for while the pod's Service led nowhere has met an ICMP error before it was made. Since Linux 5.19 the error stays in its queue, epoll reports it for
# ever, and Redis spins on that with a whole processor (https://github.com/redis/redis/issues/9956).
# Arguments: PORT, FILE of the password. Environment: common.sh; RENEW_AFTER: seconds, after which nothing is left that was asked for before.
set -u
# shellcheck source=/dev/null  # common.sh beside this file
. "${0%/*}/common.sh"
port=$1 secret=$2

client() { REDISCLI_AUTH=$(cat "$secret") timeout 3 redis-cli -e -h "${LISTEN:-127.0.0.1}" -p "$port" client "$@" 2>/dev/null; }

sleep "$RENEW_AFTER"
client list | grep -E ' (name=sentinel-|flags=S)' | sed 's/^id=\([0-9]*\) .*/\1/' | while read -r id; do
  client kill id "$id" >/dev/null
  # One replica after the other: a master accepts writes only while it has one.
  sleep 1
done

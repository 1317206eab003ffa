#!/bin/sh
# What the scripts of the Redis pods share. Environment: MEMBERS (host of each member's Service, in order), MEMBER (NAME-ORDINAL; the
# pod's name when unset), LISTEN (address to listen on; all when unset). Passwords are files: /secrets/{password,sentinel-password}.
member=${MEMBER:-$(uname -n)}

say() { echo "${0##*/}: $1" >&2; }
fail() { say "$1"; exit 1; }

# redis-cli against a server or a Sentinel; the password goes through the environment, and nothing waits for longer than 3 s.
server() { REDISCLI_AUTH=$(cat /secrets/password) timeout 3 redis-cli -e -h "${LISTEN:-127.0.0.1}" -p 6379 "$@" 2>/dev/null; }
sentinel() {
  sentinel_host=$1
  shift
  REDISCLI_AUTH=$(cat /secrets/sentinel-password) timeout 3 redis-cli -e -h "$sentinel_host" -p 26379 sentinel "$@" 2>/dev/null
}

# Own host, by the ordinal at the end of the pod's name.
own_host() {
  ordinal=${member##*-}
  # shellcheck disable=SC2086  # MEMBERS is a list of words.
  set -- $MEMBERS
  [ "$#" -gt "$ordinal" ] || fail "MEMBERS names $# hosts, too few for $member"
  shift "$ordinal"
  echo "$1"
}

# A Sentinel's identity, the same on every start.
own_id() { printf %s "$member" | sha1sum | cut -c 1-40; }

# How many members are more than half of them.
majority() {
  # shellcheck disable=SC2086  # MEMBERS is a list of words.
  set -- $MEMBERS
  echo $(($# / 2 + 1))
}

# Address of a host. Services keep theirs, so it is asked once and Redis itself never depends on the name server.
address_of() {
  tries=0
  until address=$(getent hosts "$1") && [ -n "$address" ]; do
    tries=$((tries + 1))
    [ $((tries % 10)) -ne 1 ] || say "the name server does not know $1 yet"
    sleep 1
  done
  echo "${address%% *}"
}

# The master's address that at least $1 Sentinels name; nothing when there is none.
named_master() {
  for host in $MEMBERS; do
    sentinel "$host" get-master-addr-by-name dify | head -n 1
  done | grep . | sort | uniq -c | sort -rn | while read -r votes address; do
    if [ "$votes" -ge "$1" ]; then echo "$address"; fi
    break
  done
}

#!/bin/sh
# A server or Sentinel is alive when it answers at all, be it that it is loading. Argument: its port.
set -u
# shellcheck source=/dev/null  # common.sh beside this file
. "${0%/*}/common.sh"

case $1 in 6379) password=/secrets/password ;; *) password=/secrets/sentinel-password ;; esac
answer=$(REDISCLI_AUTH=$(cat "$password") timeout 3 redis-cli -h "${LISTEN:-127.0.0.1}" -p "$1" ping 2>/dev/null)
[ -n "$answer" ] || fail "port $1 does not answer"

#!/bin/sh
# Probes of a Celery worker or scheduler, called by the kubelet: components/dify/probes.ts says why not `celery inspect ping`.
#   celery.sh connected   is there a connection to the broker?
#   celery.sh alive       has the process done anything since the last call?
# Environment: BROKER_PORTS (such as "6379 26379"), WATCHED_PID (default 1), STATE (file of the last call).
set -eu
proc=${PROC:-/proc}
pid=${WATCHED_PID:-1}
state=${STATE:-/tmp/celery-alive}

fail() {
  echo "celery: $1" >&2
  exit 1
}

connected() {
  for port in $BROKER_PORTS; do
    # Columns of /proc/PID/net/tcp: number, local, remote, state; 01 is an open connection; ports are in hexadecimal.
    remote=$(printf ':%04X' "$port")
    if awk -v port="$remote" '$4 == "01" && index($3, port) { found = 1 } END { exit !found }' "$proc/$pid"/net/tcp*; then
      exit 0
    fi
  done
  fail "no connection to the broker on port $BROKER_PORTS"
}

# A process that waits in its event loop is woken by timers, and one that works is interrupted: either way a thread is switched
# in or out, and the kernel counts it. A process whose threads are all stuck is not.
alive() {
  now=$(grep -h ctxt_switches "$proc/$pid"/task/*/status) || fail "process $pid is gone"
  before=$(cat "$state" 2>/dev/null || true)
  echo "$now" >"$state"
  [ "$now" != "$before" ] || fail "process $pid has done nothing since the last check"
}

case "${1:-}" in
  connected) connected ;;
  alive) alive ;;
  *) fail "usage: celery.sh connected|alive" ;;
esac

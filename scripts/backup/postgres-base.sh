#!/bin/sh
# Takes a base backup into one repository, from a standby if there is one, and lets go of what retention no longer asks for: B1.
# Called by the CronJobs postgres-full, postgres-incremental and those of the second site. Environment: pgBackRest's keys; STANZA; REPOSITORY: 1 is the
# cluster's, 2 off site; TYPE: full or incr (which is a full one when there is none yet); WAIT_SECONDS for another backup that is under way. And that of
# push.sh.
set -eu

say() { echo "postgres-base: $1"; }
fail() { echo "postgres-base: $1" >&2; exit 1; }

# Ends with the pod: a shell waits for its child before it heeds a signal, unless it waits by name.
trap 'kill "$child" 2>/dev/null; fail "was told to stop; the next run goes on from what this one has copied"' TERM INT

# What it prints is shown as it comes, and kept.
attempt() {
  rm -f /tmp/pipe
  mkfifo /tmp/pipe
  tee /tmp/log </tmp/pipe &
  reader=$!
  pgbackrest --stanza="$STANZA" --repo="$REPOSITORY" --type="$TYPE" backup >/tmp/pipe 2>&1 &
  child=$!
  code=0
  wait "$child" || code=$?
  wait "$reader"
}

# Two backups of one cluster never run at once, whichever pod they run in: pgBackRest holds locks on the members and on the primary.
locked() { [ "$code" -ne 0 ] && grep -q 'LockAcquireError\|advisory lock' /tmp/log; }

began=$(date +%s)
while attempt && locked; do
  [ $(($(date +%s) - began)) -lt "$WAIT_SECONDS" ] || fail "another backup of this cluster was still running after $WAIT_SECONDS s: look at 'kubectl get jobs', and let the schedules lie further apart"
  say "another backup of this cluster is under way; trying again in 15 s"
  sleep 15 &
  child=$!
  wait "$child"
done
[ "$code" -eq 0 ] || fail "pgBackRest failed with code $code, the reason stands above; what it has copied is not lost, the next run goes on from there"
pgbackrest --stanza="$STANZA" --repo="$REPOSITORY" info
figures() { pgbackrest --stanza="$STANZA" --output=json --log-level-console=warn info | python3 -B "${0%/*}/base_figures.py" "$REPOSITORY" "$TYPE"; }
figures >/tmp/figures || say "figures are missing, the reason stands above"
sh "${0%/*}/push.sh" postgres ended </tmp/figures
say "done in $(($(date +%s) - began)) s"

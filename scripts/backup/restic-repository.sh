#!/bin/sh
# Read by edge-backup.sh, edges-keep.sh and volume-copy.sh. Environment: restic's own (RESTIC_REPOSITORY, RESTIC_PASSWORD or RESTIC_PASSWORD_FILE,
# AWS_*); ANSWER_SECONDS for which a store may say nothing; LOCK_WAIT: as restic takes it, how long another's lock is waited for.

# What restic printed last, on one line.
printed() { tail -n 3 /tmp/printed | tr '\n' ' '; }

# shellcheck disable=SC2034 # Read by whom this is read by.
# Whether the repository can be read. If not, "reason" says why, and "status" is restic's: 10 when there is none. Restic itself would try for a quarter of an hour.
opens() {
  status=0
  timeout "$ANSWER_SECONDS" restic cat config --no-lock >/tmp/printed 2>&1 || status=$?
  case $status in
    0) return 0 ;;
    10) reason="there is no repository at $RESTIC_REPOSITORY: make it by 'kubectl create job --from=cronjob/edges-keep edges-by-hand', and look where the old one went" ;;
    12) reason="the pass phrase does not open $RESTIC_REPOSITORY: was secrets:edgeKey changed, or the Secret of this job? The old one is in the bundles of secrets" ;;
    124 | 143) reason="$RESTIC_REPOSITORY gave no answer of use within $ANSWER_SECONDS s: is the store up, does the line work, are access key and the authority of its certificate still right?" ;;
    *) reason="$RESTIC_REPOSITORY cannot be read: $(printed)" ;;
  esac
  return 1
}

# Runs restic. When somebody holds the repository, it waits, and takes away locks of whoever is dead: restic knows by half an hour in which they were not renewed.
locked() {
  for wait in 0s "$LOCK_WAIT" 0s; do
    status=0
    run restic --retry-lock="$wait" "$@" || status=$?
    [ "$status" -eq 11 ] || return "$status"
    run restic unlock
  done
  return "$status"
}

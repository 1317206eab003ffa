#!/bin/sh
# Looks after the repositories of edge sites, where the sites themselves can only add: makes those that are missing, lets go of snapshots that are older than is
# kept, and reads a share of each through: B17. Called by Job edges-init and CronJob edges-keep. Environment: that of restic-repository.sh, without repository and
# pass phrase; SITES; STORE: URL before the names of buckets; PASSPHRASES: folder with a file a site; INIT_ONLY: not empty to make missing ones and no more;
# KEEP_DAYS; CHECK_RUNS: runs in which all of a repository is read through.
set -eu

say() { echo "edges-keep: $1"; }
failed() { echo "edges-keep: $1" >&2; failures=$((failures + 1)); }
failures=0
trap 'kill "$child" 2>/dev/null; wait "$child" || true; echo "edges-keep: was told to stop; the next run does what is left" >&2; exit 143' TERM INT
run() { "$@" & child=$!; wait "$child"; }

# shellcheck source=scripts/backup/restic-repository.sh
. "$(dirname "$0")/restic-repository.sh"

# All that was made within that time of the newest: by number, or one a day, whoever has a site's credentials could push its snapshots out with forged ones.
keep() { # SITE
  locked forget --group-by=host --keep-within="${KEEP_DAYS}d" --prune || { failed "$1: old snapshots could not be removed, the reason stands above; nothing that is kept was touched"; return; }
  # Nobody but this job removes anything, so it needs no lock; with one, sites would wait.
  share=$(($(date +%s) / 86400 % CHECK_RUNS + 1))/$CHECK_RUNS
  run restic check --no-lock --read-data-subset="$share" ||
    failed "$1: the repository is damaged, see above. What was overwritten is there as a former version of the object: copy it back with 'mc cp --version-id', then check again"
}

for site in $SITES; do
  export RESTIC_REPOSITORY="$STORE/edge-$site" RESTIC_PASSWORD_FILE="$PASSPHRASES/$site"
  say "$site"
  if ! opens; then
    [ "$status" -eq 10 ] || { failed "$site: $reason"; continue; }
    run restic init || { failed "$site: the repository could not be made, the reason stands above"; continue; }
  fi
  [ -n "${INIT_ONLY:-}" ] || keep "$site"
done
[ "$failures" -eq 0 ] || exit 1
say "done"

#!/bin/sh
# Copies what changed in the volumes of an edge site into its repository, to which its user can only add: B17. Called by CronJob edge-NAME. Environment: that of
# restic-repository.sh; SITE; FOLDER: a folder a claim; EXCLUDES: file of patterns; UPLOAD, DOWNLOAD: KiB a second, 0 is no limit.
set -eu

say() { echo "edge-backup: $1"; }
fail() { echo "edge-backup: $1" >&2; exit 1; }
trap 'kill "$child" 2>/dev/null; wait "$child" || true; fail "was told to stop; the next run sends what is left"' TERM INT
run() { "$@" & child=$!; wait "$child"; }

# shellcheck source=scripts/backup/restic-repository.sh
. "$(dirname "$0")/restic-repository.sh"

opens || fail "$reason"
say "$SITE"
locked backup --host="$SITE" --group-by=host --no-scan --limit-upload="$UPLOAD" --limit-download="$DOWNLOAD" --exclude-file="$EXCLUDES" "$FOLDER" || {
  case $status in
    3) fail "some files could not be read, see above; the others are in the snapshot. May the user $(id -u) read them (backup.edge.sites: user)?" ;;
    11) fail "the repository is still locked, see above by whom: does job edges-keep run? Nothing was copied; the next run copies it" ;;
    *) fail "the volumes were not copied, the reason stands above; what was sent is not sent again" ;;
  esac
}
say "done"

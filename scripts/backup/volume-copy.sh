#!/bin/sh
# Carries the files of a volume into the repository at the second site; without a claim, looks after that repository: lets go of what is older than is kept, and
# reads a share of the rest through: B8. Called by Jobs of the template volume-copy. Environment: that of restic-repository.sh; CLAIM; SNAPSHOT, of which the
# volume was made; TAKEN: when that was, in UTC as restic takes it; FOLDER: where the volume is; UPLOAD: KiB a
# second, 0 is no limit; KEEP_DAYS; CHECK_RUNS: runs in which all is read through.
set -eu
export TZ=UTC
child=

say() { echo "volume-copy: $1"; }
fail() { echo "volume-copy: $1" >&2; exit 1; }
trap 'kill "$child" 2>/dev/null; wait "$child" || true; fail "was told to stop; the next run sends what is left"' TERM INT
run() { "$@" & child=$!; wait "$child"; }

# shellcheck source=scripts/backup/restic-repository.sh
. "$(dirname "$0")/restic-repository.sh"

# Whether there is a repository that can be read.
ready() {
  opens && return
  case $status in
    10) [ -n "$CLAIM" ] || fail "there is no repository at $RESTIC_REPOSITORY yet: the first copy makes it"
      run restic init || fail "the repository could not be made, the reason stands above" ;;
    12) fail "the pass phrase does not open $RESTIC_REPOSITORY: was secrets:offsiteCipher changed? The old one is in the bundles of secrets" ;;
    *) fail "$reason" ;;
  esac
}

carry() {
  ls -A "$FOLDER" >/tmp/names || fail "the user $(id -u) may not read the volume: say whose its files are by 'kubectl annotate pvc $CLAIM dify-ha/user=UID'"
  grep -qvx lost+found /tmp/names || fail "nothing is in the volume that was made of $SNAPSHOT: is it what the driver should have made?"
  locked backup --host="$CLAIM" --group-by=host --tag="$CLAIM" --tag="$SNAPSHOT" --time="$TAKEN" --no-scan --limit-upload="$UPLOAD" --exclude="$FOLDER/lost+found" "$FOLDER" || {
    case $status in
      3) fail "some files could not be read, see above; the others are in the copy. May the user $(id -u) read them ('kubectl annotate pvc $CLAIM dify-ha/user=UID')?" ;;
      11) fail "the repository is still locked, see above by whom: does another run of volume-copies look after it?" ;;
      *) fail "the volume was not copied, the reason stands above; what was sent is not sent again" ;;
    esac
  }
  say "done"
}

# All that was made within that time of a claim's newest: what is the last of a claim never goes. Nothing is deleted but marked so: the bucket keeps versions.
keep() {
  locked forget --group-by=host --keep-within="${KEEP_DAYS}d" --prune || fail "old copies could not be removed, the reason stands above; nothing that is kept was touched"
  share=$(($(date +%s) / 604800 % CHECK_RUNS + 1))/$CHECK_RUNS
  locked check --read-data-subset="$share" ||
    fail "the repository is damaged, see above. What was overwritten is there as a former version of the object: copy it back with 'mc cp --version-id', then check again"
  say "done"
}

ready
if [ -n "$CLAIM" ]; then carry; else keep; fi

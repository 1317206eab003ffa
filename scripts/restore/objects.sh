#!/bin/sh
# Puts the buckets of the applications back to an instant: B3, B14. What is there now stays as versions, until the bucket lets go of them. Called by Jobs of
# CronJob restore-objects. Environment: BUCKETS: REMOTE:BUCKET of each, the remote with the keys of the bucket's own user; FROM: LIVE takes the buckets' own
# versions, the name of a site its copies, without a RECORD those that are followed there; INSTANT, in UTC; RECORD: identifier of the record with that instant, or empty; STEP: restore; look, whether that could be
# done; or check, whether all of that instant is there: both change nothing. rclone's remotes SOURCE, which reads live buckets, and each site, with RCLONE_CONFIG_<SITE>_* and BUCKET_<SITE>.
set -eu
export TZ=UTC

say() { echo "restore-objects: $1"; }
failed() { echo "restore-objects: $1" >&2; failures=$((failures + 1)); }
failures=0
trap 'kill "$child" 2>/dev/null; echo "restore-objects: was told to stop; the next run goes on with what is left" >&2; exit 143' TERM INT
# Ten minutes without a byte are a dead connection.
run() { rclone --retries=3 --low-level-retries=5 --contimeout=30s --timeout=10m --stats=15s --stats-one-line --stats-log-level=NOTICE "$@" & child=$!; wait "$child"; }

listing() { # REMOTE FILE
  run lsf --recursive --files-only --fast-list --separator="$(printf '\t')" --format=ps "$1" >/tmp/listing && LC_ALL=C sort /tmp/listing >"$2"
}

# The newest manifest that is no younger than the instant; a record's own, if it is named. Its time is that of a copy that was complete.
find_manifest() { # FOLDER
  if [ -n "$RECORD" ]; then manifest=$RECORD.tsv; else
    run lsf --files-only "$1" >/tmp/manifests 2>/tmp/said || [ $? -eq 3 ] || { cat /tmp/said >&2; return 1; }
    manifest=$(sort /tmp/manifests | awk -v most="$(echo "$INSTANT" | tr -d ':-')~" '$0 < most' | tail -n 1)
  fi
}

# What is followed (scripts/backup/follow.py) is taken as it was when the first mark that is no older than the instant was put: all of the instant had come
# by then. When every mark is older, as after a loss, all that has come is taken.
find_mark() { # FOLDER
  mark=
  # 3: there is no such folder, as nothing was followed.
  run lsf --recursive --files-only "$1" >/tmp/marks 2>/tmp/said || [ $? -eq 3 ] || { cat /tmp/said >&2; return 1; }
  mark=$(sort /tmp/marks | awk -F / -v least="$(echo "$INSTANT" | tr -d ':-')" '{ last = $0 } $2 >= least { exit } END { print last }')
  [ -n "$mark" ] || return 0
  marked=${mark#*/} marked=${marked%.json}
  run lsf --use-server-modtime --format=t "$1/$mark" >/tmp/written || return 1
  written=$(cat /tmp/written)
}

# Whole seconds: what was written last came in this one.
set_instant() { # SITE TIME
  at=$(date -u -d "@$(($(date -u -d "$2" +%s) + 1))" +%Y-%m-%dT%H:%M:%SZ)
  export "RCLONE_CONFIG_${1}_VERSION_AT=$at"
}

# Sets origin to the copy of a bucket that belongs to the instant: what is followed, or a scheduled copy if that is newer; always that if a record is named.
find_copy() { # SITE BUCKET
  backups="$1:$(eval "printf %s \"\$BUCKET_$1\"")" mark=
  unset "RCLONE_CONFIG_${1}_VERSION_AT"
  [ -n "$RECORD" ] || find_mark "$backups/followed/marks" || return 1
  find_manifest "$backups/objects/manifests/$2" || return 1
  if [ -n "$mark" ] && ! is_before "$marked" "${manifest%.tsv}"; then
    is_before "$marked" "$(echo "$INSTANT" | tr -d ':-')" || set_instant "$1" "$written"
    origin="$backups/followed/objects/$2"
    say "$2 as it was followed by $1, with all that was acknowledged until $marked"
    return 0
  fi
  [ -n "$manifest" ] || { echo "restore-objects: $1 has no copy that is as old as $INSTANT" >&2; return 1; }
  run lsf --use-server-modtime --format=t "$backups/objects/manifests/$2/$manifest" >/tmp/written || return 1
  set_instant "$1" "$(cat /tmp/written)"
  origin="$backups/objects/$2"
  run copyto "$backups/objects/manifests/$2/$manifest" /tmp/manifest || return 1
  say "$2 out of the copy of $1 that was complete at $at ($manifest)"
}

is_before() { # INSTANT INSTANT
  [ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort | head -n 1)" = "$1" ]
}

restore() { # REMOTE BUCKET
  rm -f /tmp/manifest
  if [ "$FROM" = LIVE ]; then
    export RCLONE_CONFIG_SOURCE_VERSION_AT="$INSTANT"
    origin="SOURCE:$2"
    say "$2 as it was at $INSTANT"
  else
    find_copy "$FROM" "$2" || return 1
  fi
  listing "$origin" /tmp/wanted || return 1
  if [ -e /tmp/manifest ] && ! cmp /tmp/wanted /tmp/manifest; then
    echo "restore-objects: the copy is not what its manifest says: another one is being made, or versions are gone" >&2
    return 1
  fi
  if [ "$STEP" = look ]; then
    say "$2: $(wc -l </tmp/wanted) objects can be had"
    return 0
  fi
  if [ "$STEP" = restore ]; then
    listing "$1:$2" /tmp/present || return 1
    if [ ! -s /tmp/wanted ] && [ -s /tmp/present ] && [ -z "$RECORD" ]; then
      echo "restore-objects: nothing was in $2 at $INSTANT, and all that is there now would go: is that the instant you mean?" >&2
      return 1
    fi
    # By size and time of change, asked of each object: what was not touched since is not sent again.
    run sync --fast-list --checkers=16 --delete-after "$origin" "$1:$2" || return 1
  fi
  listing "$1:$2" /tmp/present || return 1
  # diff is not in every image.
  missing=$(LC_ALL=C comm -23 /tmp/wanted /tmp/present | wc -l) others=$(LC_ALL=C comm -13 /tmp/wanted /tmp/present | wc -l)
  [ "$others" -eq 0 ] || say "$2 has $others objects that are not of that instant"
  if [ "$missing" -gt 0 ] || { [ "$STEP" = restore ] && [ "$others" -gt 0 ]; }; then
    echo "restore-objects: $missing objects are missing or of another size, $others are others" >&2
    return 1
  fi
  say "$2 has the $(wc -l </tmp/wanted) objects of that instant, $(awk -F '\t' '{ s += $2 } END { printf "%.0f", s }' /tmp/wanted) bytes"
}

for each in $BUCKETS; do
  restore "${each%%:*}" "${each#*:}" || failed "${each#*:} is not what it was, the reason stands above; the next run goes on from here"
done
[ "$failures" -eq 0 ] || exit 1
say "done"

#!/bin/sh
# Copies what changed in the buckets of the applications into the bucket of backups at each site, whose versions keep what was there before; and writes down
# what was copied: B3. Called by CronJob objects-copy. Environment: BUCKETS of rclone's remote SOURCE; SITES: names of rclone's remotes, each with
# RCLONE_CONFIG_<SITE>_* and BUCKET_<SITE>; BANDWIDTH: rclone's --bwlimit for sites other than the cluster's own. In a coordinated backup also RUN_FILE, which
# says its name and the instant as of which the buckets are copied, and MANIFESTS: file for bucket, objects, bytes, checksum and key of the manifest of each. And that of
# push.sh.
set -eu

say() { echo "objects: $1"; }
failed() { echo "objects: $1" >&2; failures=$((failures + 1)); }
failures=0
trap 'kill "$child" 2>/dev/null; echo "objects: was told to stop; the next run copies what is left" >&2; exit 143' TERM INT
# Ten minutes without a byte are a dead connection.
run() { rclone --retries=3 --low-level-retries=5 --contimeout=30s --timeout=10m --stats=30s --stats-one-line --stats-log-level=NOTICE "$@" & child=$!; wait "$child"; }

# shellcheck source=/dev/null
[ -z "${RUN_FILE:-}" ] || . "$RUN_FILE"
[ -z "${INSTANT:-}" ] || export RCLONE_CONFIG_SOURCE_VERSION_AT="$INSTANT"

# Key and bytes of each object, sorted: what is restored is compared with it.
manifest() { # REMOTE FILE
  run lsf --recursive --files-only --fast-list --separator="$(printf '\t')" --format=ps "$1" >/tmp/listing && LC_ALL=C sort /tmp/listing >"$2"
}

# What docs/metrics.md describes. What has arrived since the copy began has changed; how well it can be compressed is seen by the first 64 KiB of the
# twenty that arrived last.
figures() { # SITE BUCKET
  labels="{site=\"$(echo "$1" | tr '[:upper:]' '[:lower:]')\",bucket=\"$2\"}"
  run lsf --recursive --files-only --fast-list --use-server-modtime --separator="$(printf '\t')" --format=tsp "$target/$2" >/tmp/listing || return 1
  sort -r /tmp/listing | awk -F '\t' -v since="$began" -v labels="$labels" '
    { objects++; bytes += $2 } $1 >= since { changed++; changedBytes += $2 }
    END { f = "dify_backup_%s" labels " %.0f\n"; printf f f f f, "objects", objects, "bytes", bytes, "changed_objects", changed, "changed_bytes", changedBytes }'
  # Reading from another site may cost something.
  [ "$1" = CLUSTER ] || return 0
  sort -r /tmp/listing | head -n 20 | cut -f 3- >/tmp/newest
  ratio=$(run cat --files-from-raw=/tmp/newest --count=65536 "$target/$2" | sh "${0%/*}/compressed.sh" /tmp/sample)
  [ -z "$ratio" ] || echo "dify_backup_compressed_ratio$labels $ratio"
}

copy() { # SITE BUCKET
  began=$(date '+%Y-%m-%d %H:%M:%S')
  target="$1:$(eval "printf %s \"\$BUCKET_$1\"")/objects"
  limit=$BANDWIDTH
  [ "$1" != CLUSTER ] || limit=off
  # One that is there with the same size and time of change need not be read. For that time all of them would be asked one by one: the time of upload
  # tells as much, as a copy is younger than its original.
  run sync --fast-list --update --use-server-modtime --bwlimit="$limit" "SOURCE:$2" "$target/$2" || return 1
  manifest "$target/$2" /tmp/manifest || return 1
  if [ -n "${INSTANT:-}" ]; then
    manifest "SOURCE:$2" /tmp/wanted || return 1
    cmp /tmp/wanted /tmp/manifest || { echo "objects: the copy is not what $2 was at $INSTANT: was another copy made at the same time?" >&2; return 1; }
  fi
  set -- "$1" "$2" "$(wc -l </tmp/manifest)" "$(awk -F '\t' '{ s += $2 } END { printf "%.0f", s }' /tmp/manifest)" "$(sha256sum </tmp/manifest | cut -c 1-64)"
  run copyto /tmp/manifest "$target/manifests/$2/$name.tsv" || return 1
  [ -z "${MANIFESTS:-}" ] || [ "$1" != CLUSTER ] || printf '%s\t%s\t%s\t%s\t%s\n' "$2" "$3" "$4" "$5" "objects/manifests/$2/$name.tsv" >>"$MANIFESTS"
  say "$1 has $3 objects of $2, $4 bytes, checksum $5"
  figures "$1" "$2" >>/tmp/figures || say "figures of $2 are missing, the reason stands above"
}

# rclone and date tell the time in the same zone.
export TZ=UTC
: >/tmp/figures
name=${RUN:-$(date -u +%Y%m%dT%H%M%SZ)}
for site in $SITES; do
  for bucket in $BUCKETS; do
    copy "$site" "$bucket" || failed "$bucket was not copied to $site, the reason stands above; what is there already stays"
  done
done
# A coordinated backup is complete with its record.
ended=ended
[ "$failures" -eq 0 ] && [ -z "${RUN_FILE:-}" ] || ended=
sh "${0%/*}/push.sh" objects $ended </tmp/figures
[ "$failures" -eq 0 ] || exit 1
say "done"

#!/bin/sh
# Carries the record of a coordinated backup to the catalogue's bucket at each site, and reads it back: B13. Environment: FOLDER, with records/ID.json;
# CATALOGUES: names of rclone's remotes, each with RCLONE_CONFIG_<NAME>_* and BUCKET_<NAME>. And that of push.sh.
set -eu

failed() { echo "deposit: $1" >&2; failures=$((failures + 1)); }
failures=0
trap 'kill "$child" 2>/dev/null; echo "deposit: was told to stop" >&2; exit 143' TERM INT
run() { rclone --retries=3 --low-level-retries=5 --contimeout=30s --timeout=1m "$@" & child=$!; wait "$child"; }

for catalogue in $CATALOGUES; do
  place="$catalogue:$(eval "printf %s \"\$BUCKET_$catalogue\"")/records"
  if ! run copy --immutable "$FOLDER/records" "$place" || ! run check --download --one-way "$FOLDER/records" "$place"; then
    failed "$catalogue does not have the record, the reason stands above; the backup itself is complete"
  fi
done
[ "$failures" -eq 0 ] || exit 1
sh "${0%/*}/push.sh" coordinated ended </dev/null
echo "deposit: $(ls "$FOLDER/records") is at each of: $CATALOGUES"

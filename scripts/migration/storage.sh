#!/bin/sh
# Carries Dify's files or plugins between a directory of a node and a bucket: M1 to M4. Called by Jobs storage-migration-ACTION-ROLE; environment, beside Dify's
# own storage settings, by which the bucket is reached: ACTION; ROLE: files or plugins; FOLDER; EXCLUDE: pattern of what is not carried, or nothing;
# ARCHIVE_PATH: bucket and folder of the archive, with ARCHIVE_ACCESS_KEY and ARCHIVE_SECRET_KEY; SUM: SHA-256 of the archive's manifest; OURS: yes when the bucket was filled by an earlier run;
# SINCE: instant of the cut; RESULT: file that is told what was found, as JSON.
set -eu

say() { echo "storage: $1"; }
# 64 says that another attempt would end the same way.
fail() { echo "storage: $1" >&2; exit 64; }
child=
trap 'kill "$child" 2>/dev/null; echo "storage: was told to stop; the next run goes on from here" >&2; exit 143' TERM INT
# Names are taken as they are: two that Unicode calls the same may lie side by side. What is found before anything is sent makes rclone's figures whole.
run() { rclone --use-json-log --stats=5s --stats-log-level=NOTICE --no-unicode-normalization --copy-links --check-first --checkers=32 --transfers=8 --retries=3 --contimeout=30s --timeout=10m "$@" & child=$!; wait "$child"; }

# For Dify; rclone's client does not take it, and has SSL_CERT_DIR.
unset AWS_CA_BUNDLE
case $ROLE in
  files) bucket=$S3_BUCKET_NAME region=$S3_REGION access=$S3_ACCESS_KEY secret=$S3_SECRET_KEY
    [ "$S3_ADDRESS_STYLE" != path ] && style=false || style=true ;;
  plugins) bucket=$PLUGIN_STORAGE_OSS_BUCKET region=$AWS_REGION access=$AWS_ACCESS_KEY secret=$AWS_SECRET_KEY style=$S3_USE_PATH_STYLE ;;
  *) fail "there is no role $ROLE" ;;
esac
remote() { # NAME ACCESS_KEY SECRET_KEY
  export "RCLONE_CONFIG_$1_TYPE=s3" "RCLONE_CONFIG_$1_PROVIDER=$provider" "RCLONE_CONFIG_$1_ENDPOINT=$S3_ENDPOINT" "RCLONE_CONFIG_$1_REGION=$region" \
    "RCLONE_CONFIG_$1_FORCE_PATH_STYLE=$style" "RCLONE_CONFIG_$1_NO_CHECK_BUCKET=true" "RCLONE_CONFIG_$1_ACCESS_KEY_ID=$2" "RCLONE_CONFIG_$1_SECRET_ACCESS_KEY=$3"
}
[ "$style" = true ] && provider=Minio || provider=AWS
remote STORE "$access" "$secret"
remote ARCHIVE "$ARCHIVE_ACCESS_KEY" "$ARCHIVE_SECRET_KEY"
store="STORE:$bucket"
archive="ARCHIVE:$ARCHIVE_PATH"
# What Dify wrote has no checksum that rclone could know where the bucket encrypts; only for what reads, as rclone would send it along.
reading() { export RCLONE_CONFIG_STORE_SERVER_SIDE_ENCRYPTION=aws:kms; }
filtered() { if [ -n "$EXCLUDE" ]; then run "$@" "--exclude=$EXCLUDE"; else run "$@"; fi; }
# Paths of files, sorted.
paths() { filtered lsf --recursive --files-only --fast-list "$@" >/tmp/listing && LC_ALL=C sort /tmp/listing; }
size() { filtered size --json --fast-list "$1"; }
report() { printf '%s\n' "$1" >"$RESULT"; say "$1"; }
lines() { wc -l <"$1" | tr -d ' '; }
some() { head -n 5 "$1" | tr '\n' ' '; }

[ -d "$FOLDER" ] || fail "there is no directory $FOLDER"
ls -A "$FOLDER" >/dev/null || fail "the directory cannot be read"

# The bucket becomes what the directory is: nothing of somebody else's may be in it.
only_ours() {
  [ "$OURS" != yes ] || return 0
  paths "$store" >/tmp/there || fail "bucket $bucket cannot be listed with the keys of the target: the reason stands above"
  paths "$FOLDER" >/tmp/here
  LC_ALL=C comm -23 /tmp/there /tmp/here >/tmp/foreign
  [ ! -s /tmp/foreign ] || fail "bucket $bucket holds $(lines /tmp/foreign) objects that the directory does not have ($(some /tmp/foreign)): give an empty bucket"
}

# All as it is in the directory, read back from the archive and compared with SHA-256 of the originals. What changed meanwhile is taken again.
archive() {
  only_ours
  paths "$FOLDER" >/tmp/wanted
  : >/tmp/manifest
  tries=0
  while [ -s /tmp/wanted ]; do
    tries=$((tries + 1))
    [ "$tries" -le 5 ] || fail "$(lines /tmp/wanted) files change faster than they are archived ($(some /tmp/wanted)): archive at a quieter time"
    say "taking checksums of $(lines /tmp/wanted) files"
    run hashsum sha256 "$FOLDER" --files-from-raw=/tmp/wanted >/tmp/sums
    say "copying to the archive"
    if [ "$tries" -eq 1 ]; then filtered copy --fast-list "$FOLDER" "$archive/$ROLE"; else run copy "$FOLDER" "$archive/$ROLE" --files-from-raw=/tmp/wanted; fi
    say "reading the archive back"
    rm -f /tmp/differ /tmp/missing /tmp/unread
    run checksum sha256 /tmp/sums "$archive/$ROLE" --download --one-way --differ=/tmp/differ --missing-on-dst=/tmp/missing --error=/tmp/unread --match=/tmp/match ||
      [ -s /tmp/differ ] || [ -s /tmp/missing ] || fail "the archive cannot be read back, the reason stands above"
    [ ! -s /tmp/unread ] || fail "the archive has files that cannot be read ($(some /tmp/unread))"
    cat /tmp/differ /tmp/missing >/tmp/wanted
    awk 'FILENAME == "/tmp/wanted" { again[$0]; next } !(substr($0, 67) in again)' /tmp/wanted /tmp/sums >>/tmp/manifest
  done
  LC_ALL=C sort -k 2 /tmp/manifest >/tmp/sorted
  sum=$(sha256sum </tmp/sorted | cut -c 1-64)
  run copyto /tmp/sorted "$archive/$ROLE.sha256"
  [ -s /tmp/sorted ] || [ "$ROLE" != files ] || fail "the directory has no file: Dify's has one key at least, so it is another one, or its disk is not mounted"
  report "{\"count\":$(lines /tmp/sorted),\"sum\":\"$sum\"}"
}

# Refuses to go on when what prepare has archived is not there any more.
archived() {
  run cat "$archive/$ROLE.sha256" >/tmp/manifest || fail "the archive's manifest $ARCHIVE_PATH/$ROLE.sha256 cannot be read: prepare again"
  [ "$(sha256sum </tmp/manifest | cut -c 1-64)" = "$SUM" ] || fail "the archive's manifest $ARCHIVE_PATH/$ROLE.sha256 is not the one that prepare wrote: prepare again"
}

copy() {
  archived
  filtered copy --fast-list "$FOLDER" "$store"
  report "$(size "$store")"
}

# With nobody writing: the bucket becomes what the directory is, and that is looked at by names, sizes and counts.
final() {
  archived
  [ -n "$(paths "$FOLDER" | head -n 1)" ] || [ ! -s /tmp/manifest ] || fail "the directory is empty, but was not when it was archived: is its disk mounted?"
  filtered sync --fast-list "$FOLDER" "$store"
  filtered check --size-only --fast-list "$FOLDER" "$store" || fail "directory and bucket differ, see above: does somebody still write?"
  here=$(size "$FOLDER") there=$(size "$store")
  [ "$here" = "$there" ] || fail "the directory holds $here, the bucket $there"
  report "$there"
}

# What Dify wrote or changed since the cut.
newer() { paths "$store" --max-age="$SINCE" >/tmp/newer; }

# Paths of the comparison with a mark of rclone's: = same, * different, ! unreadable, + in the directory alone, - in the bucket alone.
marked() { LC_ALL=C sed -n "s/^$1 //p" /tmp/report | LC_ALL=C sort; }

verify() {
  reading
  newer
  rm -f /tmp/report
  filtered check --download --fast-list --combined=/tmp/report "$FOLDER" "$store" || [ -s /tmp/report ] || [ -z "$(paths "$FOLDER" | head -n 1)" ] || fail "nothing could be compared, the reason stands above"
  touch /tmp/report
  same=$(marked '=' | wc -l | tr -d ' ')
  marked '!' >/tmp/unread
  marked '*' >/tmp/differ
  marked '-' >/tmp/written
  marked '+' >/tmp/deleted
  [ ! -s /tmp/unread ] || fail "$(lines /tmp/unread) files cannot be read ($(some /tmp/unread))"
  LC_ALL=C comm -23 /tmp/differ /tmp/newer >/tmp/damaged
  [ ! -s /tmp/damaged ] || fail "$(lines /tmp/damaged) objects are not what the directory has, though nobody wrote them since the cut ($(some /tmp/damaged)): roll back"
  say "reading $(lines /tmp/written) files that were written since the cut"
  [ ! -s /tmp/written ] || run hashsum sha256 --download "$store" --files-from-raw=/tmp/written >/dev/null || fail "what was written since the cut cannot be read, the reason stands above"
  probe=storage-migration-probe
  date >/tmp/probe
  run copyto /tmp/probe "$store/$probe"
  run cat "$store/$probe" | cmp - /tmp/probe || fail "what is written by the storage settings is not read back"
  run deletefile "$store/$probe"
  report "{\"same\":$same,\"written\":$(lines /tmp/written),\"changed\":$(lines /tmp/differ),\"deleted\":$(lines /tmp/deleted)}"
}

# What was written since the cut comes back into the directory; what was deleted since then stays there.
back() {
  reading
  newer
  filtered copy --fast-list "$store" "$FOLDER"
  owner=$(stat -c %u:%g "$FOLDER")
  [ "$owner" = 0:0 ] || find "$FOLDER" -user 0 -exec chown -h "$owner" {} +
  filtered check --one-way --size-only --fast-list "$store" "$FOLDER" || fail "the directory does not have all of the bucket, see above"
  [ ! -s /tmp/newer ] || run check --one-way --download --files-from-raw=/tmp/newer "$store" "$FOLDER" || fail "what came back is not what the bucket has, see above"
  report "{\"written\":$(lines /tmp/newer)}"
}

case $ACTION in
  archive) archive ;;
  copy) copy ;;
  final) final ;;
  verify) verify ;;
  back) back ;;
  *) fail "there is no action $ACTION" ;;
esac

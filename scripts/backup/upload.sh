#!/bin/sh
# Uploads what the containers before it have left in a folder, encrypted, with its checksums, to each site; sees that it arrived; and lets go of what is older
# than is kept, once something newer is there. Called by the jobs of backups. Environment: FOLDER; DATASET: its place in the bucket, such as dumps; KEEP_DAYS;
# SITES: names of rclone's remotes, each with RCLONE_CONFIG_<SITE>_*, BUCKET_<SITE> and CIPHER_<SITE>. In a coordinated backup also RUN_FILE, which says its
# name, and STORED: file for key, bytes and SHA-256 of what then lies in the first site's bucket. And that of push.sh.
set -eu
umask 077

say() { echo "upload: $1"; }
failed() { echo "upload: $1" >&2; failures=$((failures + 1)); }
failures=0
trap 'kill "$child" 2>/dev/null; echo "upload: was told to stop; what is incomplete has no SHA256SUMS, and the next run uploads anew" >&2; exit 143' TERM INT
# Ten minutes without a byte are a dead connection.
run() { rclone --retries=3 --low-level-retries=5 --contimeout=30s --timeout=10m --stats=30s --stats-one-line --stats-log-level=NOTICE "$@" & child=$!; wait "$child"; }
value() { eval "printf %s \"\$$1_$site\""; }

scripts=$(cd "${0%/*}" && pwd)
# One process reads all of it; the sums travel as the last file, so that what has them is whole.
cd "$FOLDER"
[ -n "$(ls -A .)" ] || { echo "upload: nothing is in $FOLDER" >&2; exit 1; }
find . -type f ! -name SHA256SUMS -exec sha256sum {} + | sort -k 2 >/tmp/SHA256SUMS
# shellcheck source=/dev/null
[ -z "${RUN_FILE:-}" ] || . "$RUN_FILE"
name=${RUN:-$(date -u +%Y%m%dT%H%M%SZ)}

# Encrypted anew at each site, so a file has a checksum of its own there.
list_stored() { # SITE FOLDER
  run lsf --recursive --files-only --separator="$(printf '\t')" --format=ps "$1:$bucket/$2" >/tmp/sizes && run hashsum sha256 --download "$1:$bucket/$2" >/tmp/sums || return 1
  sort /tmp/sizes >/tmp/sizes.sorted
  sort -k 2 /tmp/sums | paste /tmp/sizes.sorted - | awk -F '[\t ]+' -v folder="$2" -v OFS='\t' '{ print folder "/" $1, $2, $3 }'
}

# What docs/metrics.md describes, of the site that has it.
figures() {
  labels="{site=\"$(echo "$site" | tr '[:upper:]' '[:lower:]')\"}"
  echo "dify_backup_bytes$labels $(find . -type f -exec stat -c %s {} + | awk '{ s += $1 } END { printf "%.0f", s }')"
  echo "dify_backup_objects$labels $(wc -l </tmp/SHA256SUMS)"
}

# Of the first 1 MiB of twenty files, so that it takes no time.
compressed() {
  ratio=$(find . -type f | sort | head -n 20 | while read -r file; do head -c 1048576 "$file"; done | sh "$scripts/compressed.sh" /tmp/sample)
  [ -z "$ratio" ] || echo "dify_backup_compressed_ratio $ratio"
}

: >/tmp/figures
for site in $SITES; do
  # rclone wants pass phrases scrambled; by standard input they stand in no list of processes.
  password=$(value CIPHER | rclone obscure -)
  bucket=$(value BUCKET)
  export RCLONE_CONFIG_VAULT_TYPE=crypt RCLONE_CONFIG_VAULT_FILENAME_ENCRYPTION=off RCLONE_CONFIG_VAULT_DIRECTORY_NAME_ENCRYPTION=false \
    RCLONE_CONFIG_VAULT_REMOTE="$site:$bucket/$DATASET" RCLONE_CONFIG_VAULT_PASSWORD="$password"
  say "$DATASET/$name to $site"
  # A store tells no checksum of the contents of what it encrypts, so all is read back.
  if run copy --immutable . "vault:$name" && run check --download --one-way . "vault:$name" &&
    run copyto /tmp/SHA256SUMS "vault:$name/SHA256SUMS"; then
    if [ -n "${STORED:-}" ] && [ ! -e "$STORED" ]; then list_stored "$site" "$DATASET/$name" >"$STORED" || failed "$site has the backup, and its checksums could not be read"; fi
    figures >>/tmp/figures
    run delete --min-age="${KEEP_DAYS}d" --rmdirs vault: || failed "$site has the backup, but older ones could not be removed, the reason stands above"
  else
    failed "$site does not have the backup, the reason stands above"
  fi
done
compressed >>/tmp/figures || true
# A coordinated backup is complete with its record.
ended=ended
[ "$failures" -eq 0 ] && [ -z "${RUN_FILE:-}" ] || ended=
sh "$scripts/push.sh" "$DATASET" $ended </tmp/figures
[ "$failures" -eq 0 ] || exit 1
say "done: $(wc -l </tmp/SHA256SUMS) files, at each of: $SITES"

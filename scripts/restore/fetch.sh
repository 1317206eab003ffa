#!/bin/sh
# Fetches what upload.sh has put there, decrypts it and holds it to its checksums: B4, B14. Called by Jobs of CronJob restore-redis. Environment: SITE: name of
# rclone's remote, with RCLONE_CONFIG_<SITE>_*, BUCKET_<SITE> and CIPHER_<SITE>; DATASETS: folders to look in; NAME: what is wanted, or the youngest that is
# no younger than INSTANT (UTC) if empty; FILE: one file of it, or all if empty; FOLDER: where it goes.
set -eu
umask 077

say() { echo "fetch: $1"; }
fail() { echo "fetch: $1" >&2; exit 1; }
trap 'kill "$child" 2>/dev/null; fail "was told to stop"' TERM INT
run() { rclone --retries=3 --low-level-retries=5 --contimeout=30s --timeout=10m --stats=15s --stats-one-line --stats-log-level=NOTICE "$@" & child=$!; wait "$child"; }
value() { eval "printf %s \"\$$1_$SITE\""; }

# rclone wants pass phrases scrambled; by standard input they stand in no list of processes.
password=$(value CIPHER | rclone obscure -)
bucket=$(value BUCKET)
export RCLONE_CONFIG_VAULT_TYPE=crypt RCLONE_CONFIG_VAULT_FILENAME_ENCRYPTION=off RCLONE_CONFIG_VAULT_DIRECTORY_NAME_ENCRYPTION=false \
  RCLONE_CONFIG_VAULT_REMOTE="$SITE:$bucket" RCLONE_CONFIG_VAULT_PASSWORD="$password"

# What has its sums is whole; names begin with the time.
: >/tmp/found
for dataset in $DATASETS; do
  run lsf --recursive --files-only --include="/*/SHA256SUMS" "vault:$dataset" | sed "s|\([^/]*\)/SHA256SUMS|\1 $dataset|" >>/tmp/found
done
if [ -n "$NAME" ]; then chosen=$(awk -v name="$NAME" '$1 == name' /tmp/found); else
  chosen=$(sort /tmp/found | awk -v most="$(echo "$INSTANT" | tr -d ':-')~" '$1 < most' | tail -n 1)
fi
[ -n "$chosen" ] || fail "$SITE has no whole ${NAME:-backup that is as old as $INSTANT} in: $DATASETS"
from="vault:${chosen##* }/${chosen%% *}"
say "$from of $SITE"
rm -rf "${FOLDER:?}"/*
run copy "$from" "$FOLDER" --include="/${FILE:-**}" --include=/SHA256SUMS || fail "$from could not be fetched, the reason stands above: is the pass phrase the site's?"
cd "$FOLDER"
[ -z "${FILE:-}" ] || { grep " \./$FILE\$" SHA256SUMS >wanted && mv wanted SHA256SUMS; } || fail "$from has no $FILE"
sha256sum -c SHA256SUMS || fail "$from is not what was uploaded"
say "done"

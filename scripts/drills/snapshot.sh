#!/bin/sh
# Fetches the snapshot of Redis that the record names, and decrypts it: scripts/drills/drill.py. Environment: FOLDER; rclone's remote STORE, with BUCKET and
# CIPHER; CHECKSUM=yes where the record's checksum is that of this site.
set -eu
umask 077

began=$(date +%s)
name="the snapshot of Redis is whole"
finding() { printf '%s\t%s\t%s\t%s\n' "$name" "$1" "$(($(date +%s) - began))" "$2" >>"$FOLDER/checks.tsv"; echo "drill: $name: $1. $2"; }
fail() { finding failed "$(printf %s "$1" | tr '\t\n' '  ' | cut -c 1-500)"; exit 0; }
trap 'kill "$child" 2>/dev/null; echo "drill: was told to stop; there is no result" >&2; exit 143' TERM INT
run() { rclone --retries=3 --low-level-retries=5 --contimeout=30s --timeout=10m "$@" >/tmp/said 2>&1 & child=$!; wait "$child"; }

[ -e "$FOLDER/record.env" ] || exit 0
# shellcheck source=/dev/null
. "$FOLDER/record.env"
[ -n "$REDIS_OBJECT" ] || { echo "drill: the record is without Redis"; exit 0; }

mkdir -p "$FOLDER/redis"
# rclone wants pass phrases scrambled; by standard input they stand in no list of processes.
VAULT_FOLDER=$(dirname "$REDIS_OBJECT")
RCLONE_CONFIG_VAULT_PASSWORD=$(printf %s "$CIPHER" | rclone obscure -)
export RCLONE_CONFIG_VAULT_PASSWORD RCLONE_CONFIG_VAULT_TYPE=crypt RCLONE_CONFIG_VAULT_FILENAME_ENCRYPTION=off \
  RCLONE_CONFIG_VAULT_DIRECTORY_NAME_ENCRYPTION=false RCLONE_CONFIG_VAULT_REMOTE="STORE:$BUCKET/$VAULT_FOLDER"
run copy vault: "$FOLDER/redis" || fail "$REDIS_OBJECT cannot be read: $(tail -n 3 /tmp/said)"
cd "$FOLDER/redis"
[ -e dump.rdb ] || fail "$REDIS_OBJECT is not there"
sha256sum -c SHA256SUMS >/tmp/said 2>&1 || fail "it has another checksum than when it was taken: $(tail -n 3 /tmp/said)"
finding passed "$(wc -c <dump.rdb) bytes, decrypted, with the checksum that it was taken with"

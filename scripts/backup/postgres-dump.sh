#!/bin/sh
# Dumps both databases and the roles in a form that other versions of Postgres read: B2. Called by CronJob postgres-dump; what it leaves is uploaded by
# upload.sh. Environment: libpq's variables for the role of backups at the primary; DATABASES; JOBS: how many tables at once; FOLDER: empty, and as large
# as the dump.
set -eu
umask 077

say() { echo "postgres-dump: $1"; }
fail() { echo "postgres-dump: $1" >&2; exit 1; }
trap 'kill "$child" 2>/dev/null; fail "was told to stop; nothing was uploaded"' TERM INT
run() { "$@" & child=$!; wait "$child"; }

# What an attempt before this one has left.
rm -rf "${FOLDER:?}"/*
for database in $DATABASES; do
  say "dumping $database"
  run pg_dump --format=directory --jobs="$JOBS" --compress=zstd:1 --no-password --file="$FOLDER/$database" "$database" ||
    fail "database $database could not be dumped, the reason stands above"
done
# Passwords are no part of it: they stand in the stack's state, and in the bundle of secrets.
run pg_dumpall --roles-only --no-role-passwords --no-password --file="$FOLDER/roles.sql" ||
  fail "the roles could not be dumped, the reason stands above"
say "$(du -sh "$FOLDER" | cut -f 1) in $(find "$FOLDER" -type f | wc -l) files"

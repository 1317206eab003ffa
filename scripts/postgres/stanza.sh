#!/bin/sh
# Makes the place of the backups in the repository and sees one segment of the log arrive there: B1. Called by Job postgres-stanza.
# Environment: pgBackRest's keys; STANZA; WAIT_SECONDS for members and object store.
set -eu

fail() { echo "postgres-stanza: $1" >&2; exit 1; }
create() {
  code=0
  pgbackrest --stanza="$STANZA" stanza-create >/tmp/create 2>&1 || code=$?
  cat /tmp/create
  return "$code"
}

deadline=$(($(date +%s) + WAIT_SECONDS))
until create; do
  # On the day after the worst: an empty cluster, and what the lost one has left off site. It is not touched, and waits to be restored.
  if grep -q 'do not match the database' /tmp/create; then
    echo "postgres-stanza: a repository has the backups of another cluster, see above, and takes none of this one. Is it to be restored here: npm run restore (docs/restore.md). Is this cluster to be kept as it is: give it another bucket"
    exit 0
  fi
  [ "$(date +%s)" -lt "$deadline" ] || fail "the stanza could not be made within $WAIT_SECONDS s, the reason stands above: are the members and the object store up, and is the cipher the repository's?"
  sleep 5
done
# Archivers that have failed so far try again once a minute.
until pgbackrest --stanza="$STANZA" --archive-timeout=90 check; do
  [ "$(date +%s)" -lt "$deadline" ] || fail "no segment arrived in the repository within $WAIT_SECONDS s: look at the log of the primary's container postgres for archive_command"
  sleep 5
done
echo "postgres-stanza: the log is archived"

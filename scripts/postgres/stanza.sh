#!/bin/sh
# Makes the place of the backups in the repository and sees one segment of the log arrive there: B1. Called by Job postgres-stanza.
# Environment: pgBackRest's keys; STANZA; WAIT_SECONDS for members and object store.
set -eu

fail() { echo "postgres-stanza: $1" >&2; exit 1; }

deadline=$(($(date +%s) + WAIT_SECONDS))
until pgbackrest --stanza="$STANZA" stanza-create; do
  [ "$(date +%s)" -lt "$deadline" ] || fail "the stanza could not be made within $WAIT_SECONDS s, the reason stands above: are the members and the object store up, and is the cipher the repository's?"
  sleep 5
done
# Archivers that have failed so far try again once a minute.
until pgbackrest --stanza="$STANZA" --archive-timeout=90 check; do
  [ "$(date +%s)" -lt "$deadline" ] || fail "no segment arrived in the repository within $WAIT_SECONDS s: look at the log of the primary's container postgres for archive_command"
  sleep 5
done
echo "postgres-stanza: the log is archived"

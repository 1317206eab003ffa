#!/bin/sh
# Fetches a segment of the log from the archive (restore_command): for a standby that was away for longer than the leader keeps the log for it.
# Arguments: FILE, TARGET (below the data folder). Exit code 1: stream it. Environment: STANZA; PATIENCE: seconds for which a segment must
# have been asked for again and again.
set -eu
# Postgres asks before it streams, at each start and in each failover. Writers wait for that, and must not wait for the object store: what can be
# streamed is. A timeline's history is streamed with it.
case $1 in *.history) exit 1 ;; esac
asked=/tmp/log-asked-for again=/tmp/log-asked-again fetching=/tmp/log-fetching

newer_than() { [ -n "$(find "$1" -newermt "-$2 seconds" 2>/dev/null)" ]; }

# Once one had to be fetched, those after it have to be, too.
if ! newer_than "$fetching" 60; then
  # A standby that cannot stream asks every second.
  if [ "$(cat "$asked" 2>/dev/null)" != "$1" ] || ! newer_than "$again" 10; then echo "$1" >"$asked"; fi
  touch "$again"
  ! newer_than "$asked" "$PATIENCE" || exit 1
fi
if timeout 10 pgbackrest --stanza="$STANZA" archive-get "$1" "$2"; then
  touch "$fetching"
else
  rm -f "$fetching"
  exit 1
fi

#!/bin/sh
# Fetches a segment of the log from the archive (restore_command): for a standby that was away for longer than the leader keeps the log for it.
# Arguments: FILE, TARGET (below the data folder). Exit code 1: there is none, stream it.
set -eu
# Postgres asks in every failover too, and writers wait meanwhile. What streams has written to its segment just now; a timeline's history is
# streamed with it, and at a promotion would only be looked for in vain.
case $1 in *.history) exit 1 ;; esac
[ -z "$(find "pg_wal/$1" -mmin -1 2>/dev/null)" ] || exit 1
exec timeout 60 pgbackrest --stanza="$STANZA" archive-get "$1" "$2"

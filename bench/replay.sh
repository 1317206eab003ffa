#!/bin/bash
# How fast one Postgres reads its log again, by its own account ("redo done at"): called by bench/replay.ts as user postgres. Environment: SCALE and SECONDS_OF_LOAD of pgbench.
set -euo pipefail
bin=/usr/lib/postgresql/17/bin
work=$(mktemp -d)
trap '"$bin/pg_ctl" -D "$work/primary" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
mkdir "$work/archive" "$work/sockets"
export PGHOST=$work/sockets PGDATABASE=postgres

"$bin/initdb" -D "$work/primary" --no-sync >/dev/null
# As components/postgres/patroniConfig.ts has it, as far as it decides what the log holds.
cat >>"$work/primary/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$work/sockets'
shared_buffers = 512MB
max_wal_size = 1GB
checkpoint_timeout = 10min
wal_level = replica
wal_log_hints = on
wal_compression = zstd
archive_mode = on
archive_command = 'cp %p $work/archive/%f'
CONF
"$bin/pg_ctl" -D "$work/primary" -l "$work/primary.log" -w start >/dev/null
"$bin/pgbench" -i -q -s "$SCALE" 2>/dev/null
"$bin/pg_basebackup" -D "$work/copy" -c fast -X none --no-manifest 2>/dev/null
first=$(psql -XAtqc "SELECT pg_current_wal_lsn()")
# Commits that wait for no disk make the same log in less time.
PGOPTIONS='-c synchronous_commit=off' "$bin/pgbench" -n -c 8 -j 2 -T "$SECONDS_OF_LOAD" >"$work/pgbench.log" 2>/dev/null
psql -XAtqc "SELECT pg_switch_wal()" >/dev/null
bytes=$(psql -XAtqc "SELECT pg_current_wal_lsn() - '$first'")
"$bin/pg_ctl" -D "$work/primary" -m fast -w stop >/dev/null

touch "$work/copy/recovery.signal"
echo "restore_command = 'cp $work/archive/%f %p'" >>"$work/copy/postgresql.conf"
"$bin/pg_ctl" -D "$work/copy" -l "$work/copy.log" -w start >/dev/null
until grep -q "redo done at" "$work/copy.log"; do
  "$bin/pg_ctl" -D "$work/copy" status >/dev/null || { cat "$work/copy.log" >&2; exit 1; }
  sleep 0.1
done
"$bin/pg_ctl" -D "$work/copy" -m immediate stop >/dev/null
# Seconds: user's, system's, and of the clock.
usage=$(sed -n 's/.*redo done at .*user: \([0-9.]*\) s, system: \([0-9.]*\) s, elapsed: \([0-9.]*\) s.*/\1 \2 \3/p' "$work/copy.log")
echo "$bytes $usage"

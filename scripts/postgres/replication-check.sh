#!/bin/sh
# Passes when a standby streams that commits wait for: H6. Called by Job replication-check.
# Environment: libpq's variables for the primary; WAIT_SECONDS for standbys that are still copying.
set -eu

fail() { echo "replication-check: $1" >&2; exit 1; }
query() { psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --command="$1" 2>/tmp/reason; }

count="SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state IN ('sync', 'quorum')"
standbys="SELECT application_name || ' is ' || state || ', ' || sync_state FROM pg_stat_replication ORDER BY 1"

deadline=$(($(date +%s) + WAIT_SECONDS))
until synchronous=$(query "$count") && [ "$synchronous" -gt 0 ]; do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    seen=$(query "$standbys") || fail "the primary at $PGHOST:$PGPORT does not answer: $(head -n 1 /tmp/reason)"
    fail "no standby that commits wait for after $WAIT_SECONDS s; the primary sees: ${seen:-none}. Look at: patronictl list, the log of the pods postgres-*, and synchronous_mode in patronictl show-config"
  fi
  sleep 2
done
echo "replication-check: $synchronous of these are waited for: $(query "$standbys" | tr '\n' ';')"

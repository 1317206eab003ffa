#!/bin/sh
# Makes roles, databases and extensions what they should be; may run as often as one likes. Called by Job postgres-bootstrap.
# Environment: libpq's variables for the superuser at the primary; DIFY_PASSWORD, PLUGIN_PASSWORD, POOLER_PASSWORD; WAIT_SECONDS for
# the primary.
set -eu
here=$(dirname "$0")
# What is there already is no news.
export PGOPTIONS='-c client_min_messages=warning'

say() { echo "postgres-bootstrap: $1"; }
fail() { echo "postgres-bootstrap: $1" >&2; exit 1; }
run() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 "$@"; }

wait_for_primary() {
  deadline=$(($(date +%s) + WAIT_SECONDS))
  until [ "$(run --no-align --tuples-only --command='SELECT NOT pg_is_in_recovery()' 2>/tmp/reason)" = t ]; do
    [ "$(date +%s)" -lt "$deadline" ] || fail "no primary at $PGHOST:$PGPORT after $WAIT_SECONDS s: $(head -n 1 /tmp/reason)"
    sleep 2
  done
}

# A password that works is left alone: setting it again would change its salt, and poolers could not open connections with the
# proof that they have seen.
role() { # NAME PASSWORD DATABASE
  if PGPASSWORD=$2 PGUSER=$1 PGSSLCERTMODE=disable run --dbname="$3" --command='SELECT' >/dev/null 2>&1; then
    ROLE_PASSWORD='' run --set=role="$1" --file="$here/role.sql"
  else
    ROLE_PASSWORD=$2 run --set=role="$1" --file="$here/role.sql"
    say "role $1 has its password"
  fi
}

database() { # NAME OWNER
  run --set=database="$1" --set=owner="$2" --file="$here/database.sql"
  say "database $1 belongs to $2"
}

wait_for_primary
role pooler "$POOLER_PASSWORD" postgres
run --dbname=postgres --file="$here/pooler.sql"
role dify "$DIFY_PASSWORD" dify
database dify dify
role dify_plugin "$PLUGIN_PASSWORD" dify_plugin
database dify_plugin dify_plugin
ROLE_PASSWORD='' run --set=role=backup --file="$here/role.sql"
run --dbname=postgres --file="$here/backup.sql"
say "role backup reads everything"
say "done"

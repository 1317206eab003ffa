#!/bin/sh
# Brings Dify's schema up to date and proves it: the schema's revision is the newest that the image knows. Called by the Job
# migration-*, in the image of the release. Environment: Dify's own (database, Redis, object store), and
#   MIGRATION         arguments of flask that migrate, such as "upgrade-db"
#   COMMANDS          further arguments of flask, one command a line, run once the schema is right; may be empty
#   DEADLINE_SECONDS  after which it gives up
set -eu
log=$(mktemp)
trap 'rm -f "$log"' EXIT
deadline=$(($(date +%s) + DEADLINE_SECONDS))
pause=${PAUSE_SECONDS:-15}

say() { echo "migration: $1"; }
fail() {
  echo "migration: $1" >&2
  exit 1
}

# Runs flask with the arguments given in one string; what it prints is shown, and kept in $log.
run_flask() {
  # shellcheck disable=SC2086 # several arguments in one string
  flask $1 >"$log" 2>&1 && status=0 || status=$?
  cat "$log"
  return "$status"
}

# Revisions among the lines that Alembic prints ("c3d4e5f6a7b8 (head)"); the application logs to the same place.
revisions() {
  # shellcheck disable=SC2086
  flask $1 >"$log" 2>&1 || {
    cat "$log" >&2
    fail "flask $1 failed"
  }
  sed -nE 's/^([0-9a-f]{8,40})( \([a-z ]+\))*$/\1/p' "$log" | sort
}

heads=$(revisions "db heads")
[ -n "$heads" ] || fail "flask db heads names no revision: is this the image of Dify's API?"

attempt=0
while :; do
  attempt=$((attempt + 1))
  current=$(revisions "db current")
  if [ "$current" = "$heads" ]; then break; fi
  if [ "$attempt" -gt 1 ]; then
    [ "$(date +%s)" -lt "$deadline" ] ||
      fail "after $DEADLINE_SECONDS s the schema is at ${current:-nothing}, not at $heads: does somebody else hold the lock?"
    sleep "$pause"
  fi
  say "schema is at ${current:-nothing}, migrating to $heads (attempt $attempt)"
  run_flask "$MIGRATION" || fail "flask $MIGRATION failed with $status; the schema may be half migrated: read what it printed above"
  # Neither its exit code nor what it prints is proof: a lost race for the lock and, in old versions, an error end with 0 too.
  if grep -q "migration skipped" "$log"; then
    say "somebody else holds the lock; looking again in $pause s"
  elif [ "$(revisions "db current")" != "$heads" ]; then
    fail "flask $MIGRATION ended with 0, but the schema is not at $heads: read what it printed above"
  fi
done
say "schema is at $heads"

printf '%s\n' "${COMMANDS:-}" | while read -r command; do
  [ -n "$command" ] || continue
  say "flask $command"
  run_flask "$command" || fail "flask $command failed with $status"
done
say "done"

#!/bin/sh
# Sees that the log reaches every repository without a gap and that what lies there can be read: B1. Called by CronJob postgres-check.
# Environment: pgBackRest's keys; STANZA; REPOSITORIES: their numbers; ARCHIVE_SECONDS: a new segment must arrive within them.
set -eu
here=$(dirname "$0")
failures=0

say() { echo "postgres-check: $1"; }
failed() { echo "postgres-check: $1" >&2; failures=$((failures + 1)); }
# Ends with the pod: a shell waits for its child before it heeds a signal, unless it waits by name.
trap 'kill "$child" 2>/dev/null; exit 143' TERM INT
run() { "$@" & child=$!; wait "$child"; }
ask() { pgbackrest --stanza="$STANZA" --repo="$repository" --log-level-console=warn --output=json "$@"; }

is_whole() {
  ask --recurse repo-ls "archive/$STANZA" >/tmp/log.json && ask info >/tmp/info.json && python3 -B "$here/log_gaps.py" /tmp/log.json /tmp/info.json
}

say "forcing a new segment, which must arrive in every repository within $ARCHIVE_SECONDS s"
run pgbackrest --stanza="$STANZA" --archive-timeout="$ARCHIVE_SECONDS" check ||
  failed "the log does not arrive, the reason stands above: until it does, the loss of this site loses what is written"

for repository in $REPOSITORIES; do
  # Segments are uploaded side by side: one that is overtaken is no gap.
  is_whole || { say "looking again in 30 s"; run sleep 30; is_whole; } ||
    failed "repository $repository lacks log or cannot be listed, see above. No instant between a gap and the next base backup can be restored: take one now (kubectl create job --from=cronjob/postgres-incremental NAME), then look for archive_command in the log of the primary"
  say "reading all of repository $repository"
  # It ends well also when it has found something, and without --verbose it says nothing when it has not.
  run pgbackrest --stanza="$STANZA" --repo="$repository" --output=text --verbose --log-level-console=warn verify >/tmp/verify || echo "ended with code $?" >>/tmp/verify
  cat /tmp/verify
  grep -q "^status: ok" /tmp/verify ||
    failed "repository $repository holds files that are damaged or missing, they are named above: take a full backup now, and keep the damaged ones for whoever looks into it"
done
[ "$failures" -eq 0 ] || exit 1
say "the log is whole, arrives, and can be read"

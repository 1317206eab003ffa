#!/bin/sh
# Puts Postgres back to an instant, on this member, and the whole cluster with it: B14. Called in container "postgres" by npm run restore; by hand: docs/restore.md.
# Arguments: halt, on every other member first; then run, or begin, which does the same and returns at once; state, which tells how that is going. May be run
# again after whatever has stopped it.
# Environment of the container; STANZA, DATA, BIN, SOCKETS; REPOSITORY: 1 is the cluster's, 2 off site; TYPE: name, time or latest; TARGET: the restore point
# or the instant; TIMELINE: the one on which it lies, or latest; BACKUP: label of the base backup, pgBackRest's choice if empty; MEMBERS: all of them; PLAN: what
# whoever calls knows the restore by.
set -eu
cd /
work=/tmp/restore
mkdir -p "$work"

say() { echo "restore-member: $1"; }
fail() { echo "restore-member: $1" >&2; exit 1; }
control() { patronictl -c "$CONFIG_FOLDER" "$@"; }
query() { "$BIN/psql" -XAtq -v ON_ERROR_STOP=1 -h "$SOCKETS" -U postgres -c "$1" postgres; }
running() { "$BIN/pg_ctl" status -D "$DATA" >/dev/null 2>&1; }
within() { # SECONDS WHAT COMMAND...
  deadline=$(($(date +%s) + $1)) what=$2
  shift 2
  until "$@"; do
    [ "$(date +%s)" -lt "$deadline" ] || fail "$what: not in time. The cluster stays paused; see patronictl list, and run the restore again"
    sleep 1
  done
}

# Nothing is stopped for a backup that cannot be read.
look() {
  pgbackrest --stanza="$STANZA" --repo="$REPOSITORY" --output=json --log-level-console=error info >"$work/info" ||
    fail "repository $REPOSITORY does not answer, the reason stands above; nothing was changed"
  grep -q '"label":"'"$BACKUP" "$work/info" || fail "repository $REPOSITORY has no backup ${BACKUP:-at all}; nothing was changed"
}

# While it is paused, Patroni starts, promotes and copies nobody by itself.
pause() {
  say "pausing Patroni"
  control pause --wait || control list
  control list | grep -q 'Maintenance mode: on' || fail "Patroni could not be paused, the reason stands above; nothing was changed"
}

# A loop of Patroni that was under way may start what is stopped once more, paused or not.
stop() {
  quiet=0
  while [ "$quiet" -lt "${SETTLE_SECONDS:-6}" ]; do
    quiet=$((quiet + 1))
    if running; then
      say "stopping Postgres"
      "$BIN/pg_ctl" stop -D "$DATA" -m fast -t 600 -s || fail "Postgres does not stop; nothing was restored"
      quiet=0
    fi
    sleep 1
  done
}

# pgBackRest takes pg_control away first and brings it last: what is half restored starts nowhere.
fetch() {
  case $TYPE in
    latest) set -- --type=default ;;
    *) set -- --type="$TYPE" --target="$TARGET" --target-action=promote ;;
  esac
  [ -z "$BACKUP" ] || set -- "$@" --set="$BACKUP"
  say "restoring from repository $REPOSITORY to $TYPE ${TARGET:-}"
  pgbackrest --stanza="$STANZA" --repo="$REPOSITORY" --delta "$@" --target-timeline="$TIMELINE" restore ||
    fail "pgBackRest could not restore, the reason stands above. The cluster stays paused without a primary: run the restore again"
}

# Nobody but this script reaches it: no address, and no standby that commits would wait for.
recover() {
  say "reading the log up to the instant"
  : >"$work/postgres.log"
  "$BIN/pg_ctl" start -D "$DATA" -s -w -l "$work/postgres.log" 9>&- \
    -o "-c listen_addresses= -c hot_standby=off -c synchronous_standby_names= -c log_destination=stderr -c logging_collector=off" || true
  told=$(date +%s)
  until [ "$(query 'SELECT pg_is_in_recovery()' 2>/dev/null)" = f ]; do
    running || { grep -h 'FATAL\|PANIC\|HINT' "$work/postgres.log" | grep -v 'not accepting\|starting up' | tail -n 5 >&2; fail "the instant was not reached, the reason stands above: does repository $REPOSITORY have the log up to $TYPE ${TARGET:-}? The cluster stays paused without a primary: run the restore again, or to another instant"; }
    [ $(($(date +%s) - told)) -lt 15 ] || { told=$(date +%s) && sed -n 's/^.*LOG: *\(redo in progress.*\|restored log file.*\)/restore-member: \1/p' "$work/postgres.log" | tail -n 1; }
    sleep 1
  done
  grep -h 'recovery stopping\|last completed transaction\|selected new timeline' "$work/postgres.log" | sed 's/^.*LOG: */restore-member: /' || true
  # What brought it here must not bring it anywhere when it is a standby one day.
  for each in restore_command recovery_target recovery_target_name recovery_target_time recovery_target_action recovery_target_timeline recovery_target_inclusive; do
    query "ALTER SYSTEM RESET $each"
  done
  "$BIN/pg_ctl" stop -D "$DATA" -m fast -t 600 -s
}

# In an empty cluster Patroni knows another one by the name of this.
identity() { python3 -B "$(dirname "$0")/identity.py" "$1" "$("$BIN/pg_controldata" "$DATA" | sed -n 's/^Database system identifier: *//p')"; }
adopt() {
  known=$(identity forget) || fail "Patroni cannot be asked which cluster this is, the reason stands above. The cluster stays paused: run the restore again"
  [ -z "$known" ] || say "Patroni knew another cluster here ($known)"
}

is_leader() { control list --format=tsv | grep -q "	$PATRONI_NAME	.*	Leader	running"; }
lead() {
  say "starting Postgres under Patroni"
  control restart --force "$STANZA" "$PATRONI_NAME"
  within 120 "this member is not the primary" is_leader
  # A repository that has another cluster's log takes none of this one before it is told.
  [ -z "$known" ] || pgbackrest --stanza="$STANZA" stanza-upgrade ||
    say "a repository could not be told of this cluster, the reason stands above: until it is (pgbackrest --stanza=$STANZA stanza-upgrade) nothing is archived there"
}

# A member is copied from whichever runs, so none may run that has what was before.
stopped() { ! control list --format=tsv | grep -v "	$PATRONI_NAME	" | grep -q '	\(running\|streaming\|in archive recovery\|starting\)	'; }

streams() { [ -n "$(query "SELECT 1 FROM pg_stat_replication WHERE application_name = '$1' AND state = 'streaming'")" ]; }
# Patroni says why it cannot, and ends well all the same; a member that has not seen the new primary yet refuses.
reinit() { control reinit --force "$STANZA" "$1" >"$work/reinit" 2>&1 && grep -q 'Success\|already in progress' "$work/reinit"; }
rejoin() {
  within 60 "a member still runs with the data of before: call restore-member.sh halt there" stopped
  for member in $MEMBERS; do
    [ "$member" != "$PATRONI_NAME" ] || continue
    control list --format=tsv | grep -q "	$member	" || { say "$member is away: it follows once it is back"; continue; }
    say "copying to $member"
    tries=0
    until reinit "$member"; do
      tries=$((tries + 1))
      [ "$tries" -lt 30 ] || fail "$member cannot be copied anew: $(tail -n 1 "$work/reinit"). The cluster stays paused; run the restore again when the member answers"
      sleep 2
    done
  done
}
gather() {
  for member in $MEMBERS; do
    [ "$member" = "$PATRONI_NAME" ] || ! control list --format=tsv | grep -q "	$member	" || within "${COPY_SECONDS:-21600}" "$member does not stream" streams "$member"
  done
}

run() {
  look
  pause
  stop
  fetch
  recover
  adopt
  lead
  rejoin
  gather
  say "resuming Patroni"
  identity tell
  control resume --wait
  say "done"
}

case $1 in
  halt)
    pause
    stop
    ;;
  run | begin)
    exec 9>"$work/lock"
    flock --nonblock 9 || fail "a restore is under way on this member"
    rm -f "$work/code"
    echo "${PLAN:-}" >"$work/plan"
    [ "$1" = run ] || { setsid sh "$0" detached >"$work/log" 2>&1 </dev/null & exit 0; }
    run
    ;;
  # Outlives whoever has begun it, whose lock it has.
  detached)
    code=0
    sh "$0" locked || code=$?
    echo "$code" >"$work/code"
    ;;
  locked) run ;;
  state)
    tail -n 20 "$work/log" 2>/dev/null || true
    if ! flock --nonblock "$work/lock" true; then echo "state: running"; else echo "state: ended $(cat "$work/code" 2>/dev/null || echo killed) $(cat "$work/plan" 2>/dev/null)"; fi
    ;;
  *) fail "halt, run, begin or state" ;;
esac

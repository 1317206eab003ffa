#!/bin/sh
# Makes buckets and users as they are declared, and may run again at any time: Job object-store-bootstrap. Needs nothing but
# mc and the shell. Environment: ENDPOINT, MC_CONFIG_DIR (a folder to write to); files: /authority/ca.crt,
# /buckets/{buckets.txt,readers.txt,lifecycle-BUCKET.json,policy-USER.json}, /administrator/{user,password}, /users/USER (each user's secret key).
set -eu

say() { echo "object-store-bootstrap: $1"; }
fail() {
  say "$1" >&2
  exit 1
}

# Secrets go in by standard input: a command line can be read by every process of the node.
connect() {
  mkdir -p "$MC_CONFIG_DIR/certs/CAs"
  cat /authority/ca.crt >"$MC_CONFIG_DIR/certs/CAs/store.crt"
  tries=60
  until { cat /administrator/user && echo && cat /administrator/password && echo; } | mc --quiet alias set store "$ENDPOINT" >/tmp/connect 2>&1; do
    case $(cat /tmp/connect) in *"signature we calculated"* | *"Access Key Id"*) fail "the store does not accept the administrator's password: $(cat /tmp/connect)" ;; esac
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "cannot reach $ENDPOINT: $(cat /tmp/connect)"
    sleep 5
  done
}

exists() { mc --quiet stat "store/$1" >/dev/null 2>&1; }

# Days of the default lock that a bucket has now; nothing when it has none.
locked_days() {
  answer=$(mc --json retention info --default "store/$1" 2>/dev/null) || return 0
  validity=${answer#*\"validity\":\"}
  validity=${validity%%\"*}
  case $validity in
    *DAYS) echo "${validity%DAYS}" ;;
    *YEARS) echo $((${validity%YEARS} * 365)) ;;
  esac
}

is_locked() { case $(mc --json retention info --default "store/$1" 2>/dev/null) in *'"enabled":"Enabled"'*) ;; *) return 1 ;; esac; }

# A lock is possible from creation on only, and is raised but never lowered.
lock_bucket() {
  is_locked "$1" || fail "bucket $1 exists without object lock, which only a new bucket can have: name another bucket in objectStore.buckets, copy the objects there with 'mc mirror', and remove $1"
  present=$(locked_days "$1")
  if [ -n "$present" ] && [ "$present" -gt "$3" ]; then
    fail "bucket $1 locks backups for $present days and is to lock them for $3: a shorter time would let new backups be deleted earlier than promised; set objectStore.retention to at least $present days"
  fi
  [ "$present" = "$3" ] || mc --quiet retention set --default "$2" "$3d" "store/$1"
}

make_bucket() {
  if ! exists "$1"; then
    if [ "$3" = - ]; then mc --quiet mb "store/$1"; else mc --quiet mb --with-lock "store/$1"; fi
  fi
  mc --quiet version enable "store/$1"
  [ "$3" = - ] || lock_bucket "$1" "$3" "$4"
  mc --quiet encrypt set sse-kms "$5" "store/$1"
  mc --quiet ilm rule import "store/$1" <"/buckets/lifecycle-$1.json"
}

make_user() {
  { echo "$1" && cat "/users/$1" && echo; } | mc --quiet admin user add store >/tmp/user 2>&1 || fail "user $1: $(cat /tmp/user)"
  mc --quiet admin policy create store "$1" "/buckets/policy-$1.json"
  case $(mc --json admin user info store "$1") in
    *"\"policyName\":\"$1\""*) ;;
    *) mc --quiet admin policy attach store "$1" --user "$1" ;;
  esac
}

connect
# By a descriptor of its own: mc may read standard input.
while read -r bucket user mode days key <&3; do
  say "bucket $bucket for $user"
  make_bucket "$bucket" "$user" "$mode" "$days" "$key"
  make_user "$user"
done 3</buckets/buckets.txt
while read -r user <&3; do
  say "user $user"
  make_user "$user"
done 3</buckets/readers.txt
say "done"

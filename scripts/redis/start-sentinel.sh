#!/bin/sh
# Starts a Sentinel with what it knew when it ended: votes, epochs and the master outlive pods, so that after the loss of all
# of them the last master leads again. Its identity is that of its pod, or the majority would be counted over ghosts.
set -eu
umask 077
# shellcheck source=/dev/null  # common.sh beside this file
. "${0%/*}/common.sh"

state=/data/sentinel.conf
first_start_seconds=5

quoted() { sed 's/[\\"]/\\&/g; s/.*/"&"/' "$1"; }

# What the last run left, as far as it is about members of today: others were removed, or are of the cluster that a copied volume comes from.
remembered() {
  [ -s "$state" ] || return 0
  grep -E '^sentinel (current-epoch|config-epoch|leader-epoch|known-replica|known-sentinel) ' "$state" |
    while read -r line; do
      # shellcheck disable=SC2086  # The line is split into its words.
      set -- $line
      case $2 in
        known-*) case " $addresses " in *" $4 "*) echo "$line" ;; esac ;;
        *) echo "$line" ;;
      esac
    done
}

remembered_master() {
  [ -s "$state" ] || return 0
  address=$(sed -n 's/^sentinel monitor dify \([^ ]*\) .*/\1/p' "$state")
  case " $addresses " in *" $address "*) echo "$address" ;; esac
}

# The first Sentinels of all find nobody to ask: the first member leads.
first_master() {
  deadline=$(($(date +%s) + first_start_seconds))
  until master=$(named_master 1) && [ -n "$master" ]; do
    if [ "$(date +%s)" -ge "$deadline" ]; then
      master=${addresses%% *}
      break
    fi
    sleep 1
  done
  echo "$master"
}

addresses=
for host in $MEMBERS; do addresses="$addresses${addresses:+ }$(address_of "$host")"; done
self=$(address_of "$(own_host)")

master=$(remembered_master)
if [ -n "$master" ]; then known=$(remembered); else known='' master=$(first_master); fi

{
  echo "port 26379"
  [ -z "${LISTEN:-}" ] || echo "bind $LISTEN"
  echo "protected-mode no"
  echo "dir /tmp"
  echo "requirepass $(quoted /secrets/sentinel-password)"
  echo "sentinel sentinel-pass $(quoted /secrets/sentinel-password)"
  echo "sentinel announce-ip $self"
  echo "sentinel announce-port 26379"
  echo "sentinel myid $(own_id)"
  echo "sentinel monitor dify $master 6379 $(majority)"
  echo "sentinel auth-pass dify $(quoted /secrets/password)"
  cat /config/sentinel.conf
  echo "$known"
} >"$state.new"
mv "$state.new" "$state"
say "watches the master $master"
sh "${0%/*}/renew-links.sh" 26379 /secrets/sentinel-password &
exec redis-sentinel "$state"

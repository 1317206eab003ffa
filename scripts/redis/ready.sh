#!/bin/sh
# A member is ready when it serves and, as a replica, follows its master. Environment: common.sh
set -u
# shellcheck source=/dev/null  # common.sh beside this file
. "${0%/*}/common.sh"

[ "$(server ping)" = PONG ] || fail "does not answer, or is still loading its data"
replication=$(server info replication)
case $replication in
  *role:master* | *master_link_status:up*) ;;
  *) fail "is a replica that does not follow its master: look at the log of this server and of the Sentinels" ;;
esac

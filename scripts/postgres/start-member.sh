#!/bin/sh
# Starts a member of Patroni's cluster. Runs in the container "postgres"; environment: see components/postgres/memberPod.ts.
set -eu
umask 077
# The volume is new at the first start. Patroni makes the data folder itself: from scratch, or as a copy of the leader's.
mkdir -p "$SPOOL_FOLDER"
exec patroni "$CONFIG_FOLDER"

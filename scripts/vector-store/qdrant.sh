#!/bin/sh
# Starts one member of Qdrant: the first begins the cluster, the others ask it to join. Called by StatefulSet qdrant;
# environment: HOSTNAME (name of the pod), SERVICE (its headless Service).
set -eu

: "${HOSTNAME:?name of the pod}" "${SERVICE:?headless Service of the members}"
first="${HOSTNAME%-*}-0"

set -- --uri "http://$HOSTNAME.$SERVICE:6335"
[ "$HOSTNAME" = "$first" ] || set -- "$@" --bootstrap "http://$first.$SERVICE:6335"
exec ./qdrant "$@"

#!/bin/sh
# Starts one member of Qdrant: the first begins the cluster, the others ask it to join. Called by StatefulSet qdrant;
# environment: POD (name of the pod), SERVICE (its headless Service).
set -eu

: "${POD:?name of the pod}" "${SERVICE:?headless Service of the members}"
first="${POD%-*}-0"

set -- --uri "http://$POD.$SERVICE:6335"
[ "$POD" = "$first" ] || set -- "$@" --bootstrap "http://$first.$SERVICE:6335"
exec ./qdrant "$@"

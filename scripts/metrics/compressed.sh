#!/bin/sh
# How small gzip makes what comes by standard input: 0.3 is text, 1 is encrypted. Prints nothing when nothing comes. Argument: file for it meanwhile.
set -eu

cat >"$1"
[ ! -s "$1" ] || echo "$(gzip -1 -c "$1" | wc -c) $(wc -c <"$1")" | awk '{ printf "%.3f\n", $1 / $2 }'
rm -f "$1"

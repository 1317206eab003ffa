#!/bin/sh
# Reads a snapshot of Redis through: B4. Environment: FILE.
set -eu
redis-check-rdb "$FILE" >/tmp/check || { echo "redis-check: $FILE is no whole snapshot: $(tail -n 3 /tmp/check | tr '\n' ' ')" >&2; exit 1; }
echo "redis-check: $(grep -o '[0-9]* keys read' /tmp/check || echo '0 keys read'), $(wc -c <"$FILE") bytes"

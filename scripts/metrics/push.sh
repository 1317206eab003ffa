#!/bin/sh
# Tells the Pushgateway the figures of a job, which come by standard input as Prometheus reads them: docs/metrics.md. A backup is none the worse for figures that
# were not told: then it says so, within ten seconds, and ends well. Arguments: the data set; "ended" when the backup is complete with this, which adds when that
# was and how long it took. Environment: FIGURES_URL: http://HOST:PORT/metrics/job/NAME; without it nothing is told.
set -eu

[ -n "${FIGURES_URL:-}" ] || exit 0
figures=$(cat)
if [ "${2:-}" = ended ]; then
  now=$(date +%s)
  # The folder of scripts is filled when the pod starts, before its first container.
  figures="$figures
dify_backup_last_success_timestamp_seconds $now
dify_backup_duration_seconds $((now - $(stat -c %Y "$(dirname "$0")")))"
fi
FIGURES="$figures
"
export FIGURES
url="$FIGURES_URL/dataset/$(printf %s "$1" | tr / -)"

# One of them is in every image that a job has: Python beside Postgres, BusyBox's wget beside rclone.
send() {
  if command -v python3 >/dev/null; then
    timeout 10 python3 -c 'import os, sys, urllib.request; urllib.request.urlopen(sys.argv[1], os.environ["FIGURES"].encode(), timeout=5)' "$url"
  else
    timeout 10 wget -q -O /dev/null --post-data="$FIGURES" "$url"
  fi
}

reason=$(send 2>&1) || echo "push: the figures of $1 were not told to $url: $(printf %s "$reason" | tail -n 1)" >&2

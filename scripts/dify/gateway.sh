#!/bin/sh
# Starts nginx as the gateway, components/dify/gateway.ts. Environment, all of it optional:
#   CONFIG        nginx.conf (default /etc/dify-ha/gateway/nginx.conf)
#   CERTIFICATES  folder whose change makes nginx read its certificate again
#   RESOLVERS     name servers, such as "10.96.0.10" (default: those of /etc/resolv.conf)
set -eu
config=${CONFIG:-/etc/dify-ha/gateway/nginx.conf}

fail() {
  echo "gateway: $1" >&2
  exit 1
}

# nginx does not read /etc/resolv.conf itself. An address of IPv6 stands in brackets.
resolvers=${RESOLVERS:-$(awk '$1 == "nameserver" { print ($2 ~ /:/) ? "[" $2 "]" : $2 }' /etc/resolv.conf | tr '\n' ' ')}
[ -n "$resolvers" ] || fail "/etc/resolv.conf names no name server"
# Asked again after 5 s, so that a new or lost pod is known before its drain is over.
echo "resolver $resolvers valid=5s;" >/tmp/resolver.conf

fingerprint() { cat "$CERTIFICATES"/* | md5sum; }

# A renewed certificate appears in the mounted folder. nginx takes it up without dropping a connection.
reload_on_renewal() {
  before=$(fingerprint)
  while sleep "${WATCH_SECONDS:-30}"; do
    now=$(fingerprint)
    [ "$now" != "$before" ] || continue
    before=$now
    echo "gateway: the certificate has changed, reloading"
    if nginx -e /dev/stderr -t -q -c "$config"; then kill -HUP "$nginx"; else echo "gateway: it is unusable, keeping the former" >&2; fi
  done
}

nginx -e /dev/stderr -t -q -c "$config" || fail "the configuration is refused: see above"
nginx -e /dev/stderr -c "$config" -g "daemon off;" &
nginx=$!
watcher=
if [ -n "${CERTIFICATES:-}" ]; then
  reload_on_renewal &
  watcher=$!
fi

# QUIT ends nginx once its last request is answered; to nginx itself, TERM would mean: at once.
# shellcheck disable=SC2086 # no watcher, no argument
trap 'kill -QUIT "$nginx" $watcher 2>/dev/null || true' TERM INT QUIT
status=0
# A signal ends `wait` early.
while kill -0 "$nginx" 2>/dev/null; do
  wait "$nginx" && status=0 || status=$?
done
# shellcheck disable=SC2086
[ -z "$watcher" ] || kill $watcher 2>/dev/null || true
exit "$status"

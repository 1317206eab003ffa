#!/bin/sh
# Installs what the tests need of the machine and lacks: called by `make test`. Node.js and Go are the user's own: Debian's are too old.
set -eu

# Program, and Debian's package that has it.
missing=""
while read -r program package; do
  # Some live in sbin, which a user's PATH may lack.
  PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || missing="$missing $package"
done <<'EOF'
git git
openssl openssl
shellcheck shellcheck
unshare util-linux
EOF
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing:$missing. Install them and try again (as root on Debian this happens by itself)." >&2
  exit 1
fi
echo "Installing$missing with apt-get"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of packages
{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1 || {
  tail -n 3 "$log" >&2
  exit 1
}

#!/bin/sh
# Builds Debian's root file system, or does nothing when the one in place has the wanted key.
# Called by rootfs.ts under a lock, in namespaces of its own: whatever is mounted here ends with it, however it ends.
# Arguments: FOLDER KEY SUITE PACKAGES (with commas)
set -eu
folder=$1 key=$2 suite=$3 packages=$4
new=$folder.building
old=$folder.old

[ "$(cat "$folder/.key" 2>/dev/null)" != "$key" ] || exit 0
rm -rf --one-file-system "$new" "$old"

# Postgres's package would make a cluster and start it; mmdebstrap itself keeps all other services from starting.
# shellcheck disable=SC2016 # $1 is the hook's
without_cluster='mkdir -p "$1/etc/postgresql-common"; echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"'
mmdebstrap --mode=root --variant=minbase --include="$packages" --essential-hook="$without_cluster" \
  --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$suite" "$new"

ln -s /usr/bin/minio-client "$new/usr/local/bin/mc"
# No resolver: programs here reach loopback only, and a name that nobody serves fails at once.
: >"$new/etc/resolv.conf"
echo "$key" >"$new/.key"

[ ! -e "$folder" ] || mv "$folder" "$old"
mv "$new" "$folder"
rm -rf --one-file-system "$old"

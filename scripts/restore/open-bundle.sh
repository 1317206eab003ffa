#!/bin/sh
# Opens the bundle of secrets, on the day when the stack's state is lost: B5. Run by people, on a machine with rclone. Arguments: FOLDER, which must not be
# there yet. The pass phrase (recoveryPassphrase) is read from standard input. Environment: BUCKET: of backups, at any site; rclone's remote SITE:
# RCLONE_CONFIG_SITE_TYPE=s3, _PROVIDER, _ENDPOINT, _REGION, _ACCESS_KEY_ID, _SECRET_ACCESS_KEY.
set -eu
umask 077

fail() { echo "open-bundle: $1" >&2; exit 1; }

[ $# -eq 1 ] || fail "give the folder to which the secrets go"
[ ! -e "$1" ] || fail "$1 is there already"
# By standard input it stands in no list of processes, and in no history.
read -r passphrase || [ -n "$passphrase" ] || fail "give the pass phrase on standard input"
password=$(printf %s "$passphrase" | rclone obscure -)
export RCLONE_CONFIG_BUNDLE_TYPE=crypt RCLONE_CONFIG_BUNDLE_FILENAME_ENCRYPTION=off RCLONE_CONFIG_BUNDLE_DIRECTORY_NAME_ENCRYPTION=false \
  RCLONE_CONFIG_BUNDLE_REMOTE="SITE:$BUCKET/secrets" RCLONE_CONFIG_BUNDLE_PASSWORD="$password"
# What has its sums is whole; names begin with the time.
rclone lsf --recursive --files-only --include='/*/SHA256SUMS' bundle: >/tmp/bundles.$$ || fail "the bucket cannot be listed, the reason stands above"
newest=$(sort /tmp/bundles.$$ | tail -n 1)
rm -f /tmp/bundles.$$
[ -n "$newest" ] || fail "$BUCKET has no whole bundle below secrets/"
rclone copy "bundle:${newest%/*}" "$1" || fail "${newest%/*} cannot be read, the reason stands above: is it the right pass phrase?"
(cd "$1" && sha256sum -c SHA256SUMS) || fail "${newest%/*} is not what was uploaded"
echo "open-bundle: $1 has the secrets of ${newest%/*}"

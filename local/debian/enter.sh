#!/bin/sh
# Gives one program a Debian of its own: the root file system below, a layer in memory above. Whatever it writes is gone when its mount namespace ends.
# Called by run.ts in new mount, pid and ipc namespaces, with file descriptor 3 for launch.py.
# Arguments: ROOTFS own|given (the network) [ro|rw HOST_PATH PATH_INSIDE]...
set -eu
here=$(dirname "$0")
rootfs=$1 network=$2
shift 2

[ -e "$rootfs/.key" ] || { echo "There is no Debian in $rootfs: call ensureRootfs first." >&2; exit 1; }
# The mount point lies in the root file system itself, so that nothing is left elsewhere; overlayfs does not look through it.
mount -t tmpfs -o mode=0755 dify-ha "$rootfs/mnt"
root=$rootfs/mnt/root
mkdir "$rootfs/mnt/changes" "$rootfs/mnt/work" "$root"
mount -t overlay -o "lowerdir=$rootfs,upperdir=$rootfs/mnt/changes,workdir=$rootfs/mnt/work" dify-ha "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 dify-ha "$root/dev/shm"

while [ $# -gt 0 ]; do
  if [ -d "$2" ]; then
    mkdir -p "$root$3"
  else
    mkdir -p "$(dirname "$root$3")"
    : >>"$root$3"
  fi
  mount -o "bind,$1" "$2" "$root$3"
  shift 3
done

[ "$network" = given ] || chroot "$root" ip link set lo up
cp "$here/launch.py" "$root/run/launch.py"
exec chroot "$root" python3 -I /run/launch.py

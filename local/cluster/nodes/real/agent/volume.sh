#!/bin/sh
# One volume of a node: an ext4 file system of its size in a sparse file, mounted where pods find it. Run in the node by volumeOnNode.ts.
# Every command may be repeated, also after it was cut off anywhere.
# Arguments: make|grow NAME BYTES, or remove NAME
set -eu
command=$1 name=$2
image=/run/images/$name.img
mounted=/var/lib/dify-ha/volumes/$name

fail() {
  echo "$1" >&2
  exit 1
}

# A node that starts mounts what it has by itself, and before that it still has the host's root.
if ! [ -d /run/images ] || ! [ -S /run/containerd/containerd.sock ]; then fail "the node is still starting"; fi

mount_it() {
  ! mountpoint -q "$mounted" || return 0
  mkdir -p "$mounted"
  mount -o loop "$image" "$mounted"
}

# What is mounted grows with CAP_SYS_RESOURCE only, which root in a container may lack.
grow_unused() {
  [ "$(findmnt -n -S "$device" | wc -l)" = 1 ] || fail "CAP_SYS_RESOURCE is missing: it grows when no pod uses it"
  # Without the folder a pod that starts meanwhile has to wait; with it, it would write beside the volume.
  umount "$mounted"
  rmdir "$mounted"
  e2fsck -f -p "$image" >/dev/null || [ $? = 1 ]
  resize2fs "$image"
  mount_it
}

case $command in
make)
  if [ ! -e "$image" ]; then
    # Under its name it would be mounted at the node's next start: not before it is whole.
    rm -f "$image.new"
    truncate -s "$3" "$image.new"
    # As the kubelet formats disks: nothing set aside for root.
    mkfs.ext4 -q -F -m 0 "$image.new"
    mv "$image.new" "$image"
  fi
  mount_it
  ;;
grow)
  mount_it
  [ "$(stat -c %s "$image")" -ge "$3" ] || truncate -s "$3" "$image"
  device=$(findmnt -n -o SOURCE "$mounted")
  losetup --set-capacity "$device"
  resize2fs "$device" 2>/dev/null || grow_unused
  ;;
remove)
  ! mountpoint -q "$mounted" || umount "$mounted"
  [ ! -e "$mounted" ] || rmdir "$mounted"
  rm -f "$image" "$image.new"
  ;;
esac

#!/bin/sh
# One volume of a node: an ext4 file system of its size in a sparse file, mounted where pods find it. Run in the node by volumeOnNode.ts.
# Every command may be repeated, also after it was cut off anywhere.
# Arguments: make|grow NAME BYTES, or remove NAME
set -eu
command=$1 name=$2
image=/run/images/$name.img
mounted=/var/lib/dify-ha/volumes/$name

# A node that starts mounts what it has by itself, and before that it still has the host's root.
if ! [ -d /run/images ] || ! [ -S /run/containerd/containerd.sock ]; then
  echo "the node is still starting" >&2
  exit 1
fi

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
  if ! mountpoint -q "$mounted"; then
    mkdir -p "$mounted"
    mount -o loop "$image" "$mounted"
  fi
  ;;
grow)
  [ "$(stat -c %s "$image")" -ge "$3" ] || truncate -s "$3" "$image"
  device=$(findmnt -n -o SOURCE "$mounted")
  losetup --set-capacity "$device"
  resize2fs "$device"
  ;;
remove)
  ! mountpoint -q "$mounted" || umount "$mounted"
  [ ! -e "$mounted" ] || rmdir "$mounted"
  rm -f "$image" "$image.new"
  ;;
esac

#!/bin/sh
# The first process of a node: gives it a root of its own over Debian's, then runs containerd, kubelet and kube-proxy until it is killed.
# Called by node.ts in the node's network namespace, with new mount, pid, uts and ipc namespaces.
# Arguments: NAME FOLDER ROOTFS PROGRAMS CGROUP KUBELET_ARGUMENT...
set -eu
name=$1 folder=$2 rootfs=$3 programs=$4 cgroup=$5
shift 5

# 0 means this process; its number here would not be the host's.
for hierarchy in /sys/fs/cgroup/*/; do
  [ ! -d "$hierarchy$cgroup/system" ] || echo 0 >"$hierarchy$cgroup/system/cgroup.procs"
done
# /proc is still the host's, and so is this number.
read -r pid _ </proc/self/stat
echo "$pid" >"$folder/init.pid"
hostname "$name"

mount --make-rprivate /
root=$folder/root/merged
mount -t overlay -o "lowerdir=$rootfs,upperdir=$folder/root/upper,workdir=$folder/root/work" overlay "$root"
mount -t proc proc "$root/proc"
# The sysfs of this network, with the host's control groups in it.
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -p "$root/run/lock" "$root/opt/dify-ha/bin" "$root/etc/dify-ha" "$root/var/lib/containerd" "$root/var/lib/kubelet" \
  "$root/var/log/pods" "$root/var/log/dify-ha" "$root/var/lib/dify-ha/volumes" "$root/run/images" "$root/run/host"
mount --bind "$programs" "$root/opt/dify-ha/bin"
mount --bind "$folder/etc" "$root/etc/dify-ha"
mount --bind "$folder/containerd" "$root/var/lib/containerd"
mount --bind "$folder/kubelet" "$root/var/lib/kubelet"
mount --bind "$folder/pods" "$root/var/log/pods"
mount --bind "$folder/log" "$root/var/log/dify-ha"
mount --bind "$folder/volumes" "$root/run/images"
cp "$folder/etc/hosts" "$root/etc/hosts"

# Each start is a boot, each node a machine; and the kubelet must not turn the real machine's knobs.
cat /proc/sys/kernel/random/uuid >"$root/run/boot_id"
mount --bind "$root/run/boot_id" "$root/proc/sys/kernel/random/boot_id"
for knob in vm/overcommit_memory:1 vm/panic_on_oom:0 kernel/panic:10 kernel/panic_on_oops:1 kernel/keys/root_maxkeys:1000000 \
  kernel/keys/root_maxbytes:25000000; do
  file=$root/run/knobs/${knob%%:*}
  mkdir -p "$(dirname "$file")"
  echo "${knob##*:}" >"$file"
  mount --bind "$file" "$root/proc/sys/${knob%%:*}"
done
[ -s "$root/etc/machine-id" ] || tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"

cd "$root"
pivot_root . run/host
umount -l /run/host
mount --make-rshared /

for image in /run/images/*.img; do
  [ -e "$image" ] || continue
  volume=/var/lib/dify-ha/volumes/$(basename "$image" .img)
  mkdir -p "$volume"
  mount -o loop "$image" "$volume"
done

# Runs a daemon for as long as the node lives; one that ends is started again, as systemd would.
keep() {
  daemon=$1
  shift
  while :; do
    status=0
    "$@" >>"/var/log/dify-ha/$daemon.log" 2>&1 || status=$?
    echo "$daemon ended with status $status; it is started again" >>"/var/log/dify-ha/$daemon.log"
    sleep 1
  done
}

export PATH=/opt/dify-ha/bin:/usr/sbin:/usr/bin:/sbin:/bin
keep containerd containerd --config /etc/dify-ha/containerd.toml &
until ctr version >/dev/null 2>&1; do sleep 0.1; done
keep kube-proxy kube-proxy --config=/etc/dify-ha/kube-proxy.yaml &
keep kubelet kubelet "$@" &
wait

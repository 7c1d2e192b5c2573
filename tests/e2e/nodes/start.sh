#!/bin/sh
# Process 1 of a node. The engine in it needs what the machine's engine mounts read-only.
set -eu
for place in /sys /sys/fs/cgroup /sys/fs/cgroup/* /proc/sys; do
    if mountpoint -q "$place"; then mount -o remount,rw,bind "$place"; fi
done
mount --make-rshared /
mkdir -p /run/sshd
rm -f /var/run/docker.pid
/usr/sbin/sshd
exec dockerd >>/var/log/dockerd.log 2>&1

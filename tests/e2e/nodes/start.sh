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
# As an init would: what a package or Puppet enabled. The cluster needs the engine.
enabled() { for script in /etc/rc2.d/S??$1; do if [ -x "$script" ]; then "$script" start; fi; done; }
(
    until docker version >/dev/null 2>&1; do sleep 0.2; done
    for service in corosync pacemaker; do enabled "$service"; done
) >>/var/log/boot.log 2>&1 &
exec dockerd >>/var/log/dockerd.log 2>&1

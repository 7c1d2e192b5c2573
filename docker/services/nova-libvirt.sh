#!/bin/bash
# libvirtd, whose servers run on while it is away.
set -eu

# On a node with both versions of cgroups libvirt would leave QEMU in this container's own group of devices, by which
# the engine ends all that it began. This mount is the container's own.
if mountpoint --quiet /sys/fs/cgroup/unified; then
    umount /sys/fs/cgroup/unified
fi
# The terminals are the node's, where the compute service looks for those of servers. QEMU's user may not make one by
# the node's own file in there.
if [ -L /dev/ptmx ]; then
    rm /dev/ptmx
    mknod --mode=0666 /dev/ptmx c 5 2
fi
exec /usr/sbin/libvirtd

#!/bin/bash
# keepalived runs this when a VIP comes to this node, or leaves it:
#
#     moved VIP KIND NAME STATE PRIORITY
#
# What a node says to a VIP of its own it says from that address. Once the VIP is elsewhere, nothing of that arrives, and
# the kernel goes on trying for a quarter of an hour, in which the service that waits for the answer hangs. The same is
# true the other way round: an answer of the node that had the VIP before does not come any more. So both ends are told
# that such connections are over, and whoever needs another one makes it.
set -euo pipefail
vip=$1
state=$4
if [ "$state" = MASTER ]; then
    # Those from the VIP are new.
    exec ss --no-header --tcp --kill dst "$vip" and not src "$vip"
fi
exec ss --no-header --tcp --kill src "$vip"

#!/bin/bash
# Makes the bridges of Open vSwitch that stand for physical networks. Run again at any time.
#
#   neutron_ovs_bridge FILE
#
# FILE has one bridge a line, with its datapath type behind it. Interfaces are put into them by whoever sets up the
# node's network.
set -eu

while read -r bridge datapath; do
    ovs-vsctl --timeout=60 -- --may-exist add-br "$bridge" -- set bridge "$bridge" datapath_type="$datapath"
done < "$1"

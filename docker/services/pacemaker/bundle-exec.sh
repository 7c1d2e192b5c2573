#!/bin/sh
# Runs a command as root in this node's container of a bundle until it ends well; runs on the node itself.
#
#     bundle_exec BUNDLE COMMAND...
#
# Nothing is done where an operator keeps the node free of resources. A node that joins a database may get all data
# first: the command has 10 minutes.
set -eu
bundle=$1
shift

node=$(crm_node --name)
if [ "$(crm_attribute --type nodes --node "$node" --name standby --query --quiet --default off)" = on ]; then
    echo "$node is in standby: Pacemaker runs no $bundle here"
    exit 0
fi

end=$(($(date +%s) + 600))
while
    # Another one than before, where Pacemaker has restarted it.
    container=$(docker ps --quiet --filter "name=^/$bundle-docker-[0-9]+\$")
    if [ -n "$container" ]; then
        ! said=$(docker exec --user root "$container" "$@" 2>&1)
    else
        said="Pacemaker runs no $bundle here: pcs status says why"
    fi
do
    if [ "$(date +%s)" -ge "$end" ]; then
        echo "$bundle on $node: $* did not end well within 600 s: $said" >&2
        exit 1
    fi
    sleep 1
done
echo "$said"

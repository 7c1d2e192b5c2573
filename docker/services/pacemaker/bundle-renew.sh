#!/bin/sh
# Brings this node's container of a bundle to a new image or configuration; runs on the node itself.
#
#     bundle_renew BUNDLE IMAGE BUNDLE-IMAGE [RELOAD...]
#
# BUNDLE-IMAGE is the name that the bundle has, and becomes IMAGE. RELOAD is a command in the container, which takes
# configuration while the process runs; without it the container is restarted.
set -eu
bundle=$1 image=$2 latest=$3
shift 3

docker tag "$image" "$latest"
container=$(docker ps --quiet --filter "name=^/$bundle-docker-[0-9]+\$")
if [ -z "$container" ]; then
    echo "Pacemaker runs no $bundle here, and will start it with what is there now"
    exit 0
fi

if [ "$(docker inspect --format '{{.Image}}' "$container")" = "$(docker image inspect --format '{{.Id}}' "$image")" ]; then
    # Pacemaker, or the engine, may have started it since: it took what was there then.
    started=$(docker inspect --format '{{.State.StartedAt}}' "$container")
    newer=$(docker inspect --format '{{range .Mounts}}{{if not .RW}}{{println .Source}}{{end}}{{end}}' "$container" |
        while read -r path; do
            if [ -e "$path" ]; then find "$path" -newerct "$started"; else echo "$path"; fi
        done)
    if [ -z "$newer" ]; then
        echo "$bundle here was started with what is there now"
        exit 0
    fi
    if [ $# -gt 0 ]; then
        docker exec --user root "$container" kolla_set_configs
        exec docker exec --user root "$container" "$@"
    fi
fi

# The VIPs leave the node before its container is stopped, and stay where they are then.
node=$(crm_node --name)
trap 'crm_resource --clear --resource "$bundle" --node "$node"' EXIT
crm_resource --ban --resource "$bundle" --node "$node"
crm_resource --wait --timeout 300
crm_resource --clear --resource "$bundle" --node "$node"
trap - EXIT
crm_resource --wait --timeout 300

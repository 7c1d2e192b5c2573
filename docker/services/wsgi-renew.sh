#!/bin/bash
# Starts the WSGI processes of one group under Apache anew, so that they read their configuration again:
#
#     wsgi_renew.sh GROUP SCRIPT [SECONDS]
#
# SCRIPT is the WSGI script. No request is lost: half of the processes go at a time; each ends when it has answered what
# it had begun (eviction-timeout of WSGIDaemonProcess), and the next half goes when those that Apache started instead
# have loaded the application (WSGIImportScript). Apache's own graceful restart kills such processes with what they are
# doing.
# First the application is loaded once beside them, as their user: where it cannot be, they stay and the exit status is
# 78 (EX_CONFIG).
set -euo pipefail
group=$1
script=$2
until=$((SECONDS + ${3:-150}))
apache=$(cat /var/run/apache2/apache2.pid)

# Apache gives each process the group's name.
processes() { pgrep --parent "$apache" --full "^$group +-D" || true; }

# A process that takes requests has threads for it; one that is still loading has one thread.
ready() {
    local pid threads count=0
    for pid in $(processes); do
        threads=$(sed -n 's/^Threads:\t//p' "/proc/$pid/status" 2> /dev/null || true)
        if [ "${threads:-0}" -lt 2 ]; then return 1; fi
        count=$((count + 1))
    done
    [ "$count" -ge "$1" ]
}

gone() {
    local pid
    for pid in "$@"; do
        if [ -e "/proc/$pid" ]; then return 1; fi
    done
}

await() {
    until "$@"; do
        if [ "$SECONDS" -ge "$until" ]; then
            echo "The WSGI processes of $group were not renewed in time ($*)." >&2
            exit 1
        fi
        sleep 0.1
    done
}

mapfile -t old < <(processes)
if [ "${#old[@]}" -eq 0 ]; then
    echo "Apache (process $apache) has no WSGI process of $group." >&2
    exit 1
fi
read -r user owners < <(ps -o euser:32=,egroup:32= -p "${old[0]}")

# The name goes by the environment: services read the command line when they are loaded.
if ! said=$(setpriv --reuid="$user" --regid="$owners" --init-groups \
    env WSGI_SCRIPT="$script" python3 -c 'import os, runpy; runpy.run_path(os.environ["WSGI_SCRIPT"])' 2>&1); then
    printf '%s\n' "$said" | tail -n 5 >&2
    exit 78
fi

number=${#old[@]}
half=$(((number + 1) / 2))
await ready "$number"
for ((first = 0; first < number; first += half)); do
    kill -USR1 "${old[@]:first:half}"
    await gone "${old[@]:first:half}"
    await ready "$number"
done

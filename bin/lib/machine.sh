# shellcheck shell=bash
# What bin/standalone puts on the machine: Debian packages, the virtual environment, the container engine.
# `part` calls these where bash ignores errexit, so each command that may fail says what follows from it.

engine_answers() {
    command -v docker >/dev/null && timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

# Words: the packages of those given that are not installed.
missing_packages() { # PACKAGE...
    local package known
    known=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' "$@" 2>/dev/null || true)"
    for package in "$@"; do
        [[ $known == *" installed:$package "* ]] || printf '%s ' "$package"
    done
}

install_packages() { # PACKAGE...
    apt-get -q update &&
        DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install "$@"
}

# The digest covers what decides what pip installs, so an unchanged environment is not touched.
venv_digest() { # CHECKOUT PYTHON
    { "$2" --version && cat "$1/pyproject.toml" "$1/constraints.txt"; } | sha256sum | cut -d ' ' -f 1
}

venv_is_current() { # CHECKOUT PYTHON
    [ -x "$1/.venv/bin/openstack" ] &&
        [ "$(cat "$1/.venv/treadle-digest" 2>/dev/null)" = "$(venv_digest "$1" "$2")" ]
}

make_venv() { # CHECKOUT PYTHON
    if [ ! -x "$1/.venv/bin/pip" ]; then "$2" -m venv --clear "$1/.venv" || return; fi
    "$1/.venv/bin/pip" --disable-pip-version-check --no-input install --quiet \
        --constraint "$1/constraints.txt" --editable "$1" &&
        venv_digest "$1" "$2" >"$1/.venv/treadle-digest"
}

# A number that dockerd or containerd left behind may belong to another process by now, and would be taken for theirs.
drop_stale_pid() { # FILE COMMAND
    [ -e "$1" ] || return 0
    [ "$(cat "/proc/$(cat "$1")/comm" 2>/dev/null)" = "$2" ] || rm -f "$1"
}

# systemd starts the engine where it is there; elsewhere dockerd runs by itself, and its pid is kept for --down.
start_engine() { # STATE_FOLDER LOG
    local waited=0
    if [ -d /run/systemd/system ]; then
        systemctl start docker || complain 'systemctl start docker failed: see journalctl -u docker'
    elif ! engine_answers; then
        drop_stale_pid /var/run/docker.pid dockerd
        drop_stale_pid /var/run/docker/containerd/containerd.pid containerd
        setsid dockerd </dev/null >>"$2" 2>&1 9>&- &
        printf '%s\n' "$!" >"$1/dockerd.pid"
    fi
    until engine_answers; do
        waited=$((waited + 1))
        if [ "$waited" -gt 60 ]; then
            complain "The container engine does not answer after 60 s. Its last lines:"
            if [ -d /run/systemd/system ]; then
                journalctl -u docker -n 20 --no-pager >&2
            else
                tail -n 20 "$2" >&2
            fi
            return 1
        fi
        sleep 1
    done
}

# Stops dockerd only when it is the process that start_engine began.
stop_engine() { # STATE_FOLDER
    local pid waited=0
    [ -e "$1/dockerd.pid" ] || return 0
    pid=$(cat "$1/dockerd.pid")
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; then
        kill "$pid" || return
        while [ -e "/proc/$pid" ] && [ "$waited" -lt 30 ]; do sleep 1; waited=$((waited + 1)); done
        if [ -e "/proc/$pid" ]; then
            complain "dockerd (pid $pid) did not stop in 30 s"
            return 1
        fi
    fi
    rm "$1/dockerd.pid"
}

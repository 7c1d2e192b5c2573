# shellcheck shell=bash
# Environments that only tests use: .venvs/NAME holds exactly what tests/requirements/NAME.txt names.

requirements_digest() { # REQUIREMENTS PYTHON
    { "$2" --version && cat "$1"; } | sha256sum | cut -d ' ' -f 1
}

# The stamp is written last, so an environment that was cut off is made anew.
make_test_venv() { # VENV REQUIREMENTS PYTHON
    local digest
    digest=$(requirements_digest "$2" "$3") || return
    [ "$(cat "$1/requirements-digest" 2>/dev/null)" != "$digest" ] || return 0
    "$3" -m venv --clear "$1" &&
        "$1/bin/python" -m pip --disable-pip-version-check --no-input install --quiet --no-deps \
            --requirement "$2" &&
        printf '%s\n' "$digest" >"$1/requirements-digest"
}

# All side by side; each has a log, whose last lines are shown when it fails.
make_test_venvs() { # CHECKOUT PYTHON
    local requirements name failed=0
    local -A pids=()
    mkdir -p "$1/.venvs" || return
    for requirements in "$1"/tests/requirements/*.txt; do
        name=$(basename "$requirements" .txt)
        make_test_venv "$1/.venvs/$name" "$requirements" "$2" >"$1/.venvs/$name.log" 2>&1 &
        pids[$name]=$!
    done
    for name in "${!pids[@]}"; do
        wait "${pids[$name]}" && continue
        failed=1
        complain ".venvs/$name could not be made. The last lines of .venvs/$name.log:"
        tail -n 20 "$1/.venvs/$name.log" | sed 's/^/    /' >&2
    done
    return "$failed"
}

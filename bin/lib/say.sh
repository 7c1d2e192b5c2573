# shellcheck shell=bash
# How bin/standalone speaks: one line when a part begins, one with its seconds when it ends, a table at last.

# The clock of the whole run; a test can set it.
SAY_BEGAN=${SAY_BEGAN:-$SECONDS}
SAY_PARTS=()

say() { # TEXT...
    printf '[%4d s] %s\n' "$((SECONDS - SAY_BEGAN))" "$*"
}

complain() { # TEXT...
    printf '%s\n' "$*" >&2
}

# Runs a command as one part. With a log file its output goes there, and its last lines are shown when it fails.
part() { # NAME LOG|- COMMAND...
    local name=$1 log=$2 began=$SECONDS status=0
    shift 2
    say "$name ..."
    if [ "$log" = - ]; then
        "$@" || status=$?
    else
        "$@" >>"$log" 2>&1 || status=$?
    fi
    if [ "$status" -ne 0 ]; then
        complain "$name failed with status $status."
        if [ "$log" != - ]; then
            complain "The last lines of $log:"
            tail -n 20 "$log" | sed 's/^/    /' >&2
        fi
        complain "What was done stays; run the same command again to go on from here."
        return 1
    fi
    SAY_PARTS+=("$((SECONDS - began)) $name")
    say "$name: $((SECONDS - began)) s"
}

say_times() {
    local entry
    printf '\n%6s  %s\n' seconds part
    for entry in "${SAY_PARTS[@]}"; do
        printf '%6d   %s\n' "${entry%% *}" "${entry#* }"
    done
    printf '%6d   %s\n' "$((SECONDS - SAY_BEGAN))" 'in all'
}

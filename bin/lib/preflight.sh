# shellcheck shell=bash
# What has to be true before bin/standalone changes anything. Each check takes what it looks at as arguments,
# prints one refusal that says what to do, and returns 1; nothing here changes the machine. Only the shell,
# awk and /proc are used: a bare Debian has nothing else for certain.

refuse() { # WHAT REMEDY
    printf 'cannot go on: %s\n    %s\n' "$1" "$2" >&2
    return 1
}

check_root() { # UID
    [ "$1" -eq 0 ] || refuse 'this needs root (packages, host Puppet, configuration under /var/lib)' \
        'run it with sudo'
}

check_distribution() { # OS_RELEASE_FILE ARCHITECTURE
    local id version
    id=$(sed -n 's/^ID="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$1")
    version=$(sed -n 's/^VERSION_ID="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$1")
    case "$id $version $2" in
        'debian 12 amd64' | 'debian 13 amd64') ;;
        *) refuse "this machine is ${id:-unknown} ${version:-(no version)} on $2" \
            'use a machine with Debian 12 or 13 on amd64' ;;
    esac
}

# A missing interpreter is no refusal: Debian's own is installed.
check_python() { # INTERPRETER
    if [ -x "$1" ]; then
        "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
            refuse "$1 is $("$1" --version 2>&1), and 3.11 is needed" "install Debian's package python3"
    fi
}

check_memory() { # NEEDED_MIB [MEMINFO_FILE]
    local have
    have=$(awk '/^MemTotal:/ { print int($2 / 1024) }' "${2:-/proc/meminfo}")
    [ "$have" -ge "$1" ] || refuse "$have MiB of memory, and $1 MiB are needed" \
        'give the machine more memory, or lower --memory-needed at your own risk'
}

check_disk() { # NEEDED_GIB FOLDER
    local folder=$2 have
    while [ ! -e "$folder" ]; do folder=$(dirname "$folder"); done
    have=$(($(df -Pk "$folder" | awk 'NR == 2 { print $4 }') / 1024 / 1024))
    [ "$have" -ge "$1" ] || refuse "$have GiB free on the disk of $2, and $1 GiB are needed for images and data" \
        'free some space there, or lower --disk-needed at your own risk'
}

is_ipv4() { # ADDRESS
    local number
    [[ $1 =~ ^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})$ ]] || return 1
    for number in "${BASH_REMATCH[@]:1}"; do [ "$((10#$number))" -le 255 ] || return 1; done
}

# All of 127/8 answers on loopback; any other address has to be on an interface.
check_address() { # OPTION ADDRESS [FIB_TRIE_FILE]
    is_ipv4 "$2" || { refuse "$1 $2 is not an IPv4 address" "give four numbers, as in $1 127.0.24.1"; return 1; }
    [[ $2 == 127.* ]] && return 0
    awk -v wanted="$2" '$1 == "|--" { address = $2 } /host LOCAL/ && address == wanted { found = 1 }
        END { exit !found }' "${3:-/proc/net/fib_trie}" ||
        refuse "$1 $2 is on no interface of this machine" \
            "add it (ip address add $2/32 dev INTERFACE), or choose one of this machine's or of 127.0.0.0/8"
}

check_addresses_differ() { # NODE VIP
    [ "$1" != "$2" ] || refuse "--node-ip and --vip are both $1" \
        'choose two addresses: services listen on the node, HAProxy in front of them on the VIP'
}

# Inode of the socket that listens on ADDRESS:PORT, or on all addresses; nothing when the port is free.
listener() { # ADDRESS PORT PROC_NET_FOLDER
    local a b c d hex port
    IFS=. read -r a b c d <<<"$1"
    printf -v hex '%02X%02X%02X%02X' "$d" "$c" "$b" "$a"
    printf -v port '%04X' "$2"
    # no early exit in awk: the line before would end by SIGPIPE
    cat "$3"/tcp "$3"/tcp6 2>/dev/null | awk -v hex="$hex" -v port="$port" '
        $4 == "0A" && !inode { split($2, local, ":")
            mapped = "0000000000000000FFFF0000" hex
            if (local[2] == port && (local[1] == hex || local[1] == mapped || local[1] ~ /^0+$/)) inode = $10 }
        END { if (inode) print inode }' || true
}

holder() { # INODE
    local fd pid
    fd=$(find /proc/[0-9]*/fd -lname "socket:\[$1\]" 2>/dev/null | head -n 1) || true
    pid=${fd#/proc/}
    pid=${pid%%/*}
    [ -z "$pid" ] || printf ' by %s (pid %s)' "$(cat "/proc/$pid/comm")" "$pid"
}

check_port() { # ADDRESS PORT USE [PROC_NET_FOLDER]
    local inode
    inode=$(listener "$1" "$2" "${4:-/proc/net}")
    [ -z "$inode" ] || refuse "port $2 on $1 ($3) is taken$(holder "$inode")" \
        'stop that program, or choose other addresses with --node-ip and --vip'
}

# Whether one of the environment files leaves out a service; the words may have -e before each file.
is_left_out() { # TYPE [-e FILE]...
    local type=$1 word
    shift
    for word in "$@"; do
        if [ "$word" != -e ] && grep -q "^ *OS::TripleO::Services::$type: *OS::Heat::None *$" "$word"; then return 0; fi
    done
    return 1
}

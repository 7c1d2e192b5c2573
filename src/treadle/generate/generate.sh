#!/bin/bash
# Runs inside a transient container of the config image: one real `puppet apply`, then what it wrote as a tar.
#
#   /treadle/job      config.pp, puppet-etc/ (hiera.yaml, hieradata/), read-only
#   /treadle/modules  Puppet modules of the stack, read-only
#   /treadle/out      tree.tar, asked (the hiera keys that were looked up)
#   /treadle/warm     where there is a warm Puppet (warm.rb): how it is asked
#   /treadle/compiled.rb  where Puppet's files need no compiling
#
# Exit code: Puppet's own (0 no change, 2 changes, 1, 4, 6 failures); 75 where the warm Puppet died.
set -eu
cp -rL /treadle/job/puppet-etc/. /etc/puppet/
[ ! -e /etc/puppet/ssl ] || rm -rf /etc/puppet/ssl
[ -d /etc/puppet/hieradata ] || mkdir -p /etc/puppet/hieradata
printf '{"step": %s}\n' "$STEP" > /etc/puppet/hieradata/docker_puppet.json

stamp=/tmp/origin_of_time
: > "$stamp"
sleep 0.02 # file times advance with the kernel's tick: what Puppet writes must be newer than the stamp

puppet_apply() {
    local arguments=(--detailed-exitcodes --color=false --logdest=console --no-report
        --hiera_config=/etc/puppet/hiera.yaml --modulepath="$MODULEPATH" --tags="$TAGS" /treadle/job/config.pp) said why
    if [ -p /treadle/warm/ask ]; then
        mkfifo --mode=600 "/treadle/warm/$$"
        printf '%s\0' "${arguments[@]}" > "/treadle/warm/$$.arguments"
        echo "$$ ${ORDER:-0}" > /treadle/warm/ask
        read -r said why < "/treadle/warm/$$"
        case $said in
            plain) echo "treadle: plain: $why" ;;
            died) echo "treadle: died: $why"; return 75 ;;
            *) return "$said" ;;
        esac
    fi
    if [ -e /treadle/compiled.rb ]; then local -x RUBYOPT=-r/treadle/compiled.rb; fi
    puppet apply "${arguments[@]}"
}

rc=0
puppet_apply || rc=$?
case $rc in 0 | 2) ;; *) exit "$rc" ;; esac
[ -z "${NO_ARCHIVE:-}" ] || exit "$rc"

sources=()
for folder in /etc /root /opt /var/www /var/spool/cron /usr/lib/cgi-bin /var/lib/nova/.ssh \
    /var/lib/ironic/tftpboot /var/lib/ironic/httpboot; do
    [ ! -e "$folder" ] || sources+=("$folder")
done
# What is mounted from the machine is no configuration that Puppet wrote; the engine's own three files may be.
mounted=()
mapfile -t mounts < /proc/self/mountinfo # whole: line by line the kernel would make the list anew for each
set -f
for mount in "${mounts[@]}"; do
    fields=($mount)
    case ${fields[4]} in
        / | /etc/hosts | /etc/hostname | /etc/resolv.conf) ;;
        *)
            printf -v place '%b' "${fields[4]}" # in this shell: there are dozens
            mounted+=(-path "$place" -prune -o)
            ;;
    esac
done
set +f
# Each file with the folders above it: kolla copies their modes and owners too.
find "${sources[@]}" "${mounted[@]}" \( -path '/etc/puppet*' -o -path '/opt/puppetlabs*' \) -prune -o \
    -newer "$stamp" -print |
    awk -F/ '{ path = ""; for (i = 2; i <= NF; i++) { path = path "/" $i; if (!known[path]++) print "." path } }' \
        > /tmp/changed
tar --create --file=/treadle/out/tree.tar --directory=/ --numeric-owner --no-recursion \
    --verbatim-files-from --files-from=/tmp/changed
exit "$rc"

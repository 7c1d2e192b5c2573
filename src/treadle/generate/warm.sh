#!/bin/bash
# The first process of the warm Puppet's container. Where Puppet cannot be warmed it tells everybody to run their own.
set -u
trap 'exit 0' TERM
mkdir /treadle/warm/begun
cp /etc/hosts /etc/hostname /etc/resolv.conf /treadle/warm/begun
mv /treadle/warm/begun /treadle/warm/etc # seen when it is whole
ruby /treadle/warm.rb 2> /tmp/why
why=$(grep -m 1 -E '\([A-Z][A-Za-z:]*\)$' /tmp/why || tail -n 1 /tmp/why)
cat /tmp/why
exec 3<> /treadle/warm/ask
while read -r asker _ <&3; do
    printf 'plain %s\n' "${why:-it has ended}" > "/treadle/warm/$asker" &
done

#!/bin/bash
# Has keepalived read its configuration again, after it was checked: 78 (EX_CONFIG) where it is broken, and then nothing
# is done.
keepalived --config-test --vrrp || exit 78
exec kill -HUP "$(cat /run/keepalived.pid)"

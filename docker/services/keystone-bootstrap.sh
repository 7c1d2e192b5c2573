#!/bin/bash
# Makes the user, project and roles of the administrator and the identity endpoints, and sets the administrator's
# password. Run again at any time. The password comes from a file, so that no list of processes shows it.
set -euo pipefail
. /etc/keystone/init/bootstrap.env
exec setpriv --reuid=keystone --regid=keystone --init-groups \
    keystone-manage --config-file /etc/keystone/init/keystone.conf bootstrap

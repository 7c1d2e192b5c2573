#!/bin/bash
# Makes the user, project and roles of the administrator and the identity endpoints, and sets the administrator's
# password. Run again at any time. The password comes from a file, so that no list of processes shows it.
set -euo pipefail
. /etc/keystone/init/bootstrap.env
# Makes what it does not find, so it runs on one node at a time: db_sync.py has a lock for that in the database.
exec /usr/local/bin/db_sync.py /etc/keystone/init/keystone.conf keystone \
    keystone-manage --config-file /etc/keystone/init/keystone.conf bootstrap

#!/bin/bash
# Brings Keystone's tables to the version of this image. Run again at any time.
set -euo pipefail
exec setpriv --reuid=keystone --regid=keystone --init-groups \
    keystone-manage --config-file /etc/keystone/init/keystone.conf db_sync

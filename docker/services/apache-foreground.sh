#!/bin/bash
# Apache as the container's main process. apache2ctl, which sets its environment, would stay in front of it and take the
# signals that are meant for it; and a process id that a killed Apache left behind may be somebody else's by now.
set -euo pipefail
rm -f /var/run/apache2/apache2.pid
export APACHE_HTTPD='exec /usr/sbin/apache2'
exec /usr/sbin/apache2ctl -DFOREGROUND

#!/bin/bash
# Makes MariaDB's system tables where there are none. Killed at any point it can be run again: the folder `mysql`
# comes last, and only what this script itself made is ever removed.
set -euo pipefail
data=/var/lib/mysql
new=$data/bootstrap.new

if [ -d "$data/mysql" ]; then
    rm -rf "$new"
    echo 'The database exists.'
    exit 0
fi

if [ ! -e "$new/complete" ]; then
    found=$(find "$data" -mindepth 1 -maxdepth 1 ! -name bootstrap.new ! -name lost+found -print -quit)
    if [ -n "$found" ]; then
        echo "There is $found but no database: refusing to make one among files of unknown origin." >&2
        echo 'Restore the database, or empty /var/lib/mysql, then deploy again.' >&2
        exit 1
    fi
    rm -rf "$new"
    install -d -o mysql -g mysql "$new"
    mariadb-install-db --no-defaults --user=mysql --datadir="$new" --skip-test-db --skip-name-resolve \
        --auth-root-authentication-method=socket
    sync -f "$new"
    touch "$new/complete"
fi

for path in "$new"/*; do
    name=${path##*/}
    case $name in mysql | complete) continue ;; esac
    rm -rf "${data:?}/$name"
    mv "$path" "$data/$name"
done
mv "$new/mysql" "$data/mysql"
rm -rf "$new"
chown mysql:mysql "$data"

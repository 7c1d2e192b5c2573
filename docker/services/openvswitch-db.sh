#!/bin/bash
# Open vSwitch's database server, which is told by its socket what switches there shall be. Makes the database the
# first time, and brings one of an older version up to date.
set -eu

database=/var/lib/openvswitch/conf.db
schema=/usr/share/openvswitch/vswitch.ovsschema

umask 0027
if [ ! -s "$database" ]; then
    # Made beside its place: a database that was half made when this was killed is never taken for a whole one.
    rm -f "$database.new"
    ovsdb-tool create "$database.new" "$schema"
    mv "$database.new" "$database"
elif [ "$(ovsdb-tool needs-conversion "$database" "$schema")" = yes ]; then
    cp -p "$database" "$database.before-$(ovsdb-tool db-version "$database")"
    ovsdb-tool convert "$database" "$schema"
fi
exec ovsdb-server "$database" --remote=punix:/run/openvswitch/db.sock \
    --remote=db:Open_vSwitch,Open_vSwitch,manager_options

#!/usr/bin/python3
"""Nova's cells in its API database: cell0, and the one of all compute nodes. Run again at any time.

    nova_cells.py map CONFIG
    nova_cells.py discover CONFIG HOSTS

`map` writes how Nova's services come to each cell: CONFIG is an oslo.config file with [api_database] and [database]
connection, and a section [cell] with name, transport_url, database_connection and cell0_database_connection.
`discover` waits until the compute services that the file HOSTS names, one a line, have reported, and maps them to
their cell, without which no server is sent to them.

This is what `nova-manage cell_v2` does, in one process instead of six, and it updates what is there.
"""

import sys
import time
from pathlib import Path

import db_sync
from nova import config, context, objects
from nova.objects import host_mapping
from oslo_utils import uuidutils

PATIENCE = 180.0  # seconds for compute services to come up


def write_cells(file: str) -> None:
    wanted = db_sync.read(file)["cell"]
    admin = context.get_admin_context()
    found = {each.uuid: each for each in objects.CellMappingList.get_all(admin)}
    zero = objects.CellMapping.CELL0_UUID
    write_cell(admin, found.get(zero), uuid=zero, name="cell0", transport_url="none:///",
               database_connection=wanted["cell0_database_connection"])
    named = [each for each in found.values() if each.uuid != zero and each.name == wanted["name"]]
    write_cell(admin, named[0] if named else None, name=wanted["name"], transport_url=wanted["transport_url"],
               uuid=named[0].uuid if named else uuidutils.generate_uuid(),
               database_connection=wanted["database_connection"])


def write_cell(admin: context.RequestContext, cell: objects.CellMapping | None, **values: str) -> None:
    if cell is None:
        objects.CellMapping(admin, **values).create()
        print(f"made cell {values['name']}")
    else:
        cell.transport_url = values["transport_url"]
        cell.database_connection = values["database_connection"]
        cell.save()
        print(f"brought cell {values['name']} up to date")


def discover(file: str) -> None:
    wanted = set(Path(file).read_text(encoding="utf-8").split())
    end = time.monotonic() + PATIENCE
    while missing := wanted - map_hosts():
        if time.monotonic() > end:
            sys.exit(f"No compute service has reported in {PATIENCE:.0f} s from: {', '.join(sorted(missing))}. "
                     "/var/log/containers/nova/nova-compute.log there says why; then deploy again.")
        time.sleep(0.5)


def map_hosts() -> set[str]:
    """All compute hosts that are mapped, after those that have reported have been."""
    admin = context.get_admin_context()
    for each in host_mapping.discover_hosts(admin):
        print(f"found {each.host}")
    return {each.host for each in objects.HostMappingList.get_by_cell_id(admin, None)}


def main(verb: str, file: str, *more: str) -> None:
    lock = db_sync.locked(db_sync.read(file)["api_database"]["connection"])
    config.parse_args(["nova_cells", f"--config-file={file}"])
    objects.register_all()
    if verb == "map":
        write_cells(file)
    else:
        discover(*more)
    lock.close()


if __name__ == "__main__":
    if [*sys.argv[1:2], len(sys.argv)] not in (["map", 3], ["discover", 4]):
        sys.exit(__doc__)
    main(*sys.argv[1:])

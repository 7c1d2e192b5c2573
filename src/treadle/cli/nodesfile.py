"""What ``--nodes`` names: a nodes file, or an Ansible inventory."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from treadle.errors import InputError
from treadle.plan import parse_nodes
from treadle.plan.nodes import Node


def read_nodes(path: str, roles: Sequence[str]) -> list[Node]:
    """The nodes of a file. TemplateError or InputError, with the line or the host, for anything wrong in it."""
    from treadle.heat.files import Files, key_path
    from treadle.rollout.inventory import is_inventory, read_inventory

    if not Path(path).exists():
        raise InputError("there is no such file", source=path, key="--nodes")
    if is_inventory(Path(path)):
        found = read_inventory(Path(path), roles)
        if found.without:
            print(f"warning: {path}: no nodes of this cloud, because they have no role: {', '.join(found.without)}",
                  file=sys.stderr)
        return found.nodes
    files = Files()
    document = files.data(path)
    try:
        return parse_nodes(document, file=path, roles=roles)
    except InputError as error:
        error.source = files.locate(path, key_path(error.key))
        raise

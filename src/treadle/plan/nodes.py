"""The nodes file: which machine has which role."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from treadle.errors import InputError, Source, nearest


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One machine. ``address`` is its IP on the control plane; ``networks`` gives others by name_lower.

    ``root`` puts everything that Treadle owns on the node below another folder, ``container_prefix`` goes before
    every container's name: so two clouds can share a machine. ``region``, ``aggregate`` and ``hardware`` are the
    scopes from which it inherits settings.
    """

    name: str
    role: str
    address: str
    connection: Literal["local"] = "local"
    networks: dict[str, str] = msgspec.field(default_factory=dict)
    root: str = ""
    container_prefix: str = ""
    region: str = ""
    aggregate: str = ""
    hardware: str = ""

    def ip(self, network: str) -> str:
        """The node's IP on ``network``; a network that it has no own address on shares the control plane's."""
        return self.networks.get(network, self.address)


def membership(node: Node) -> dict[str, str]:
    """The scopes of the configuration service that the node is in, by kind."""
    scopes = {"region": node.region, "aggregate": node.aggregate, "hardware": node.hardware, "host": node.name}
    return {kind: name for kind, name in scopes.items() if name}


def parse_nodes(document: Any, *, file: str, roles: Sequence[str]) -> list[Node]:
    """Check a loaded nodes file: ``{nodes: [{name, role, address, connection, networks}]}``."""
    if not isinstance(document, Mapping) or not isinstance(document.get("nodes"), list):
        raise InputError("expected a mapping with a list `nodes`", source=file, key="nodes",
                         hint="nodes:\n  - {name: standalone, role: Standalone, address: 127.0.24.1}")
    keys = [field.name for field in msgspec.structs.fields(Node)]
    nodes: list[Node] = []
    for number, entry in enumerate(document["nodes"]):
        where = f"nodes[{number}]"
        unknown = [key for key in entry if key not in keys] if isinstance(entry, Mapping) else []
        if unknown:
            raise InputError(f"no node key is called {unknown[0]}{nearest(unknown[0], keys)}", source=file,
                             key=f"{where}.{unknown[0]}")
        if isinstance(entry, Mapping) and entry.get("connection", "local") != "local":
            raise InputError(f"expected local, got {entry['connection']!r}", source=file, key=f"{where}.connection",
                             hint="this version deploys to the machine that it runs on")
        try:
            node = msgspec.convert(entry, Node)
        except msgspec.ValidationError as error:
            raise InputError(str(error), source=file, key=where) from None
        _check(node, nodes, Source(file), where, roles)
        nodes.append(node)
    if not nodes:
        raise InputError("the file names no node", source=file, key="nodes")
    return nodes


def _check(node: Node, before: Sequence[Node], source: Source, where: str, roles: Sequence[str]) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", node.name):
        raise InputError(f"{node.name!r} is no host name", source=source, key=f"{where}.name")
    if node.role not in roles:
        raise InputError(f"no role is called {node.role}{nearest(node.role, roles)}", source=source,
                         key=f"{where}.role", hint=f"roles of the roles file: {', '.join(roles)}")
    for other in before:
        if other.name == node.name:
            raise InputError(f"two nodes are called {node.name}", source=source, key=f"{where}.name")
        if other.address == node.address:
            raise InputError(f"{other.name} has the address {node.address} already", source=source,
                             key=f"{where}.address")
    for network, address in [("address", node.address), *node.networks.items()]:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise InputError(f"{address!r} is no IP address", source=source, key=f"{where}.{network}") from None

"""The nodes file: which machine has which role."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from treadle.errors import InputError, Source, nearest


class Ssh(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a node is reached. What is not said here says the operator's own SSH configuration (``config``: another file
    than ~/.ssh/config). ``key`` and ``config`` are files of the deployer, ``host`` a name that SSH knows."""

    user: str = ""
    key: str = ""
    port: int = 0
    host: str = ""
    config: str = ""


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One machine. ``address`` is its IP on the control plane; ``networks`` gives others by name_lower.

    ``root`` puts everything that Treadle owns on the node below another folder, ``container_prefix`` goes before
    every container's name: so two clouds can share a machine. ``region``, ``zone``, ``aggregate`` and ``hardware``
    are the scopes from which it inherits settings. Where ``connection`` is ssh, ``become`` says that the SSH user
    becomes root by sudo, ``python`` which interpreter runs Treadle's part there.
    """

    name: str
    role: str
    address: str
    connection: Literal["", "local", "ssh"] = ""
    ssh: Ssh = Ssh()
    become: bool = False
    python: str = "python3"
    networks: dict[str, str] = msgspec.field(default_factory=dict)
    root: str = ""
    container_prefix: str = ""
    region: str = ""
    zone: str = ""
    aggregate: str = ""
    hardware: str = ""

    @property
    def remote(self) -> bool:
        """Whether it is another machine than the deployer's."""
        return self.connection == "ssh" or (not self.connection and self.ssh != Ssh())

    def ip(self, network: str) -> str:
        """The node's IP on ``network``; a network that it has no own address on shares the control plane's."""
        return self.networks.get(network, self.address)


def membership(node: Node) -> dict[str, str]:
    """The scopes of the configuration service that the node is in, by kind."""
    scopes = {"region": node.region, "zone": node.zone, "aggregate": node.aggregate, "hardware": node.hardware,
              "host": node.name}
    return {kind: name for kind, name in scopes.items() if name}


def parse_nodes(document: Any, *, file: str, roles: Sequence[str]) -> list[Node]:
    """Check a loaded nodes file: ``{nodes: [{name, role, address, …}]}``, with the keys of ``Node``."""
    if not isinstance(document, Mapping) or not isinstance(document.get("nodes"), list):
        raise InputError("expected a mapping with a list `nodes`", source=file, key="nodes",
                         hint="nodes:\n  - {name: standalone, role: Standalone, address: 127.0.24.1}")
    nodes: list[Node] = []
    for number, entry in enumerate(document["nodes"]):
        where = f"nodes[{number}]"
        _require_known(entry, Node, file, where)
        if isinstance(entry, Mapping) and "ssh" in entry:
            _require_known(entry["ssh"], Ssh, file, f"{where}.ssh")
        try:
            node = msgspec.convert(entry, Node)
        except msgspec.ValidationError as error:
            raise InputError(str(error), source=file, key=where) from None
        _check(node, nodes, Source(file), where, roles)
        nodes.append(node)
    if not nodes:
        raise InputError("the file names no node", source=file, key="nodes")
    return nodes


def _require_known(entry: Any, kind: type[msgspec.Struct], file: str, where: str) -> None:
    keys = [field.name for field in msgspec.structs.fields(kind)]
    unknown = [key for key in entry if key not in keys] if isinstance(entry, Mapping) else []
    if unknown:
        raise InputError(f"no node key is called {unknown[0]}{nearest(str(unknown[0]), keys)}", source=file,
                         key=f"{where}.{unknown[0]}", hint=f"keys: {', '.join(keys)}")


def require_counts(nodes: Sequence[Node], counts: Mapping[str, Any]) -> None:
    """Raise InputError for a role without nodes that is to have some. ``counts``: ``{role: its parameter RoleCount}``;
    beyond that nodes are counted by the nodes file alone."""
    there = {node.role for node in nodes}
    for role, count in counts.items():
        if role not in there and int(count or 0) > 0:
            raise InputError(f"the role {role} has no node", key="nodes",
                             hint=f"name one, leave the role out of the roles file, or set {role}Count: 0")


def _check(node: Node, before: Sequence[Node], source: Source, where: str, roles: Sequence[str]) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", node.name):
        raise InputError(f"{node.name!r} is no host name", source=source, key=f"{where}.name")
    if node.role not in roles:
        raise InputError(f"no role is called {node.role}{nearest(node.role, roles)}", source=source,
                         key=f"{where}.role", hint=f"roles of the roles file: {', '.join(roles)}")
    if node.connection == "local" and (node.ssh != Ssh() or node.become):
        raise InputError("the deployer's own machine is not reached over SSH", source=source,
                         key=f"{where}.connection", hint="leave `connection` out, or `ssh` and `become`")
    if not 0 <= node.ssh.port <= 65535:
        raise InputError(f"{node.ssh.port} is no port", source=source, key=f"{where}.ssh.port")
    for option, word in {"user": node.ssh.user, "host": node.ssh.host}.items():
        if word.startswith("-"):
            raise InputError(f"{word!r} is an option, not a {option}", source=source, key=f"{where}.ssh.{option}")
    for option, path in (("key", node.ssh.key), ("config", node.ssh.config)):
        if path and not Path(path).expanduser().is_file():
            raise InputError(f"there is no file {path}", source=source, key=f"{where}.ssh.{option}",
                             hint="name a file of the deployer's, by its whole path")
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

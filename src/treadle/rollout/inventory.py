"""An operator's Ansible inventory as nodes file: read by ``ansible-inventory``, roles by its groups or a variable."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from treadle.errors import InputError, nearest
from treadle.plan.nodes import Node, parse_nodes
from treadle.rollout.hostvars import entry

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Variables that say a host's role: ours, and that of TripleO's own inventories.
_ROLE = ("treadle_role", "tripleo_role_name")
#: An executable inventory may have to ask a cloud.
_LIMIT = 120


@dataclass(frozen=True)
class Found:
    """``without`` are the hosts that have no role: machines that are no nodes of the cloud."""

    nodes: list[Node]
    without: list[str]


def is_inventory(path: Path) -> bool:
    """Whether ``path`` is an inventory and no nodes file: a folder, a program, INI; of YAML what has groups."""
    if path.is_dir():
        return True
    named = path.suffix in (".yaml", ".yml", ".json")
    if not named and os.access(path, os.X_OK):
        return True
    try:
        top = yaml.compose(path.read_text(), Loader=_LOADER)
    except (yaml.YAMLError, UnicodeDecodeError):
        return not named
    if not isinstance(top, yaml.MappingNode):
        return not named
    keys = {key.value: value for key, value in top.value}
    if not named:
        return not isinstance(keys.get("nodes"), yaml.SequenceNode)
    return "plugin" in keys or (bool(keys) and all(isinstance(value, yaml.MappingNode) for value in keys.values()))


def read_inventory(path: Path, roles: Sequence[str]) -> Found:
    """The hosts that have one of ``roles``, those of a role in the inventory's order. Raises InputError that names
    inventory, host and variable."""
    listed = _listed(path)
    hostvars: Mapping[str, Mapping[str, Any]] = listed.get("_meta", {}).get("hostvars", {})
    hosts = list(dict.fromkeys(_hosts(listed, "all")))
    grouped = {role: set(_hosts(listed, role)) for role in roles}
    found: dict[str, list[str]] = {role: [] for role in roles}
    for host in hosts:
        role = _role(host, hostvars.get(host, {}), grouped, path)
        if role:
            found[role].append(host)
    entries = [entry(host, role, hostvars.get(host, {}), path) for role, names in found.items() for host in names]
    with_role = {host for names in found.values() for host in names}
    without = [host for host in hosts if host not in with_role]
    if not entries:
        groups = sorted(listed.keys() - {"_meta", "all", "ungrouped"})
        raise InputError("no host has a role", source=path, key="--nodes",
                         hint=f"name groups as roles ({', '.join(roles)}), or set treadle_role for hosts or groups; "
                         f"groups here: {', '.join(groups) or 'none'}")
    try:
        return Found(parse_nodes({"nodes": entries}, file=str(path), roles=roles), without)
    except InputError as error:
        error.key = _key(error.key, [one["name"] for one in entries])
        raise


def _role(host: str, variables: Mapping[str, Any], grouped: Mapping[str, set[str]], path: Path) -> str:
    """'' for a host that has none."""
    variable = next((name for name in _ROLE if name in variables), "")
    if variable:
        role = str(variables[variable])
        if role not in grouped:
            raise InputError(f"no role is called {role}{nearest(role, grouped)}", source=path, key=f"{host}.{variable}",
                             hint=f"roles of the roles file: {', '.join(grouped)}")
        return role
    mine = [role for role, hosts in grouped.items() if host in hosts]
    if len(mine) > 1:
        raise InputError(f"is in the groups of several roles: {', '.join(mine)}", source=path, key=host,
                         hint="leave it in one of them, or set treadle_role")
    return mine[0] if mine else ""


def _hosts(listed: Mapping[str, Any], group: str, above: frozenset[str] = frozenset()) -> Iterator[str]:
    """All hosts of a group and of those below it, in the inventory's order."""
    here = listed.get(group, {})
    yield from here.get("hosts", [])
    for child in here.get("children", []):
        if child not in above:
            yield from _hosts(listed, child, above | {group})


def _key(key: str, names: Sequence[str]) -> str:
    """``nodes[2].ssh.key`` → ``compute-0.ssh.key``."""
    return re.sub(r"^nodes\[(\d+)\]", lambda found: names[int(found[1])], key)


def _listed(path: Path) -> dict[str, Any]:
    """What ``ansible-inventory --list`` says. The operator's ansible.cfg holds, but what cannot be read is an error."""
    search = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    program = shutil.which("ansible-inventory", path=search)
    if program is None:
        raise InputError("ansible-inventory is not installed", source=path, key="--nodes",
                         hint="install ansible-core beside Treadle")
    try:
        done = subprocess.run([program, "--inventory", str(path), "--list"], capture_output=True, text=True,
                              timeout=_LIMIT, stdin=subprocess.DEVNULL, check=False,
                              env={**os.environ, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "True",
                                   "ANSIBLE_NOCOLOR": "True"})
    except subprocess.TimeoutExpired:
        raise InputError(f"has not said its hosts within {_LIMIT} s", source=path, key="--nodes") from None
    if done.returncode:
        raise InputError("\n".join(["is no inventory that Ansible can read", *_reasons(done.stderr)]), source=path,
                         key="--nodes", hint=f"see: ansible-inventory -i {path} --list")
    listed: dict[str, Any] = json.loads(done.stdout)
    return listed


def _reasons(said: str) -> list[str]:
    """``  | ini: what that reader said``, of each of Ansible's readers that was tried, with the place."""
    found = []
    for block in re.split(r"^\[(?:WARNING|ERROR)\]: ", said, flags=re.MULTILINE):
        reader = re.match(r"Failed to parse inventory with '(\w+)' plugin", block)
        if reader:
            last = block.split("<<< caused by >>>")[-1].strip().splitlines()
            origin = next((line for line in last if line.startswith("Origin: ") and "<" not in line), "")
            place = f" ({origin.removeprefix('Origin: ')})" if origin else ""
            said_last = last[last.index("Standard error from inventory script:") + 1:] if (
                "Standard error from inventory script:" in last) else []
            words = " ".join([last[0].removeprefix("Failed to parse inventory: "), *said_last])
            found.append(f"  | {reader[1]}: {words}{place}")
    return found or [f"  | {line}" for line in said.strip().splitlines()[-5:]]

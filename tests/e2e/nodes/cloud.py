"""A small cloud of two roles on nodes that are reached over SSH."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.e2e.nodes.machines import Machine, Machines
from tests.e2e.small import RELOAD, Service, SmallCloud

#: Of the role Control; the others are Work's.
CONTROL = ("reader", "cache", "setup")
SERVICES = (
    Service("reader", secret=True),
    Service("setup", 2, config="mounted", program="once", entry={"detach": False}),
    Service("reloader", 3, entry={"reload": RELOAD}),
    Service("cache", 5, config="none", entry={"command": ["sleep", "infinity"], "stop_grace_period": 1,
                                                   "healthcheck": {"test": "true"}, "node_drain": {
                                                       "where": "all", "command": "touch /dev/shm/without-{node}",
                                                       "undo": "rm /dev/shm/without-{node}"}}),
)


@dataclass
class RemoteCloud(SmallCloud):
    """``machines``: the first has the role Control, the others Work. Nothing of it lies on the deployer's machine."""

    machines: Machines = field(kw_only=True)

    def write_files(self) -> None:
        self.services = SERVICES
        super().write_files()
        path = self.templates / "cache.yaml"
        template = yaml.safe_load(path.read_text())
        note = {"name": "a note by Ansible", "copy": {"dest": "/var/lib/small/cache/note", "mode": "0600",
                                                      "content": "{{ role_name }} of {{ stack_name }}"}}
        template["outputs"]["role_data"]["value"]["host_prep_tasks"].append(note)
        path.write_text(yaml.safe_dump(template, sort_keys=False))
        roles = {"Control": [s.type for s in SERVICES if s.name in CONTROL],
                 "Work": [s.type for s in SERVICES if s.name not in CONTROL]}
        self.roles_file.write_text(yaml.safe_dump([
            {"name": role, "CountDefault": 1, "tags": ["primary", "controller"] if role == "Control" else [],
             "ServicesDefault": services} for role, services in roles.items()]))
        self.write_nodes()

    def write_nodes(self, **changed: dict[str, Any]) -> None:
        """The nodes file; ``changed`` are keys of nodes over their own, by name with ``_`` for ``-``."""
        nodes = []
        for number, machine in enumerate(self.machines.machines):
            node = {"name": machine.name, "role": "Work" if number else "Control", "address": machine.address,
                    "ssh": {"config": str(self.machines.ssh_config)}}
            nodes.append({**node, **changed.get(machine.name.replace("-", "_"), {})})
        self.nodes_file.write_text(yaml.safe_dump({"nodes": nodes}))

    def log(self, node: str) -> list[dict[str, Any]]:
        """The deployer's copy of a node's log."""
        path = self.state / self.name / "node-logs" / f"{node}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]


def containers(machine: Machine) -> dict[str, str]:
    """``{container: id, when it was started, state}`` of all on a node."""
    ids = machine.docker("ps", "-aq").split()
    found = json.loads(machine.docker("inspect", *ids)) if ids else []
    return {one["Name"].lstrip("/"): " ".join((one["Id"], one["State"]["StartedAt"], one["State"]["Status"]))
            for one in found}

"""A cloud of many nodes, all of them folders of this machine, on an engine that only keeps books."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.e2e.small import Service, SmallCloud, parameter

#: A container that nothing has to be generated for.
ENTRY = {"command": ["sleep", "infinity"], "volumes": [], "user": "", "net": "none", "stop_grace_period": 0}


def service(name: str, step: int = 1, **entry: Any) -> Service:
    return Service(name, step, config="none", program="sleep", entry={**ENTRY, **entry})


@dataclass
class SimulatedCloud(SmallCloud):
    """``roles``: the services of each role, by name."""

    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def write_files(self) -> None:
        super().write_files()
        for one in self.services:  # what all of a small cloud's have, and these do not need
            path = self.templates / f"{one.name}.yaml"
            template = yaml.safe_load(path.read_text())
            role_data = template["outputs"]["role_data"]["value"]
            del role_data["docker_config_scripts"], role_data["host_prep_tasks"]
            path.write_text(yaml.safe_dump(template, sort_keys=False))
        self.roles_file.write_text(yaml.safe_dump([
            {"name": role, "CountDefault": 0, "tags": ["primary", "controller"] if number == 0 else [],
             "ServicesDefault": [f"OS::TripleO::Services::{parameter(name)}" for name in names]}
            for number, (role, names) in enumerate(self.roles.items())]))

    def node(self, name: str, role: str, number: int, **more: Any) -> dict[str, Any]:
        """An entry of a nodes file; ``number`` (of the cloud) makes its address."""
        return {"name": name, "role": role, "address": f"127.{100 + number // 65025}.{number // 255 % 255}."
                f"{number % 255 + 1}", "root": str(self.root / name), "container_prefix": f"{name}-", **more}

    def write_nodes(self, nodes: Iterable[Mapping[str, Any]], name: str = "nodes") -> str:
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.dump({"nodes": [dict(node) for node in nodes]},
                                  Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)))
        return str(path)

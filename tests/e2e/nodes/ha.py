"""A cloud of three controllers on nodes that are machines of their own: what keeps a cloud up when one is lost."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import yaml

from tests.e2e.cloud import PROJECT, Cloud
from tests.e2e.nodes.machines import Machine, Machines

SERVICES = ("CACerts", "HAproxy", "Keepalived", "MySQL", "RabbitMQ", "Memcached", "Keystone")
IMAGES = ("haproxy", "keepalived", "mariadb-server", "rabbitmq", "memcached", "keystone-api")
CONTROLLERS = ("control-0", "control-1", "control-2")


@dataclass
class HaCloud(Cloud):
    """The machines called control-… have the role Controller. /etc/hosts is left alone: nodes have no Puppet."""

    machines: Machines = field(kw_only=True)

    @classmethod
    def of(cls, machines: Machines, name: str, folder: Path) -> Self:
        return cls(name, folder, "unix:///nowhere", "", f"172.30.{machines.number}.250", 0, machines=machines)

    def write_files(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.nodes_file.write_text(yaml.safe_dump({"nodes": [
            {"name": machine.name, "role": "Controller", "address": machine.address,
             "ssh": {"config": str(self.machines.ssh_config)}} for machine in self.controllers]}))
        (self.folder / "roles.yaml").write_text(yaml.safe_dump([
            {"name": "Controller", "CountDefault": 3, "tags": ["primary", "controller"],
             "ServicesDefault": [f"OS::TripleO::Services::{name}" for name in SERVICES]}]))
        self.environment("cloud", ControlFixedIPs=[{"ip_address": self.vip}], InnodbBufferPoolSize="32M")

    def deploy_words(self, *more: str) -> list[str]:
        files = ("low-memory-usage", "ha")
        return super().deploy_words("-r", str(self.folder / "roles.yaml"), *(
            word for name in files for word in ("-e", str(PROJECT / f"environments/{name}.yaml"))), *more)

    @property
    def controllers(self) -> list[Machine]:
        return [machine for machine in self.machines.machines if machine.name.startswith("control-")]

    def holder(self) -> str:
        """Which controller has the VIP; '' where none or several have."""
        found = [machine.name for machine in self.controllers if f" {self.vip}/32 " in machine.inside(
            "ip", "-oneline", "address", "show", "dev", "eth0", check=False)]
        return found[0] if len(found) == 1 else ""

    def galera(self, machine: Machine) -> tuple[str, int, str]:
        """(status, nodes, state) of the database's cluster as one node sees it."""
        asked = "SHOW GLOBAL STATUS WHERE Variable_name IN " \
            "('wsrep_cluster_status', 'wsrep_cluster_size', 'wsrep_local_state_comment')"
        said = machine.inside("docker", "exec", "-u", "root", "mysql", "mariadb", "-BNe", asked, check=False)
        found = dict(line.split("\t") for line in said.splitlines())
        return (found.get("wsrep_cluster_status", ""), int(found.get("wsrep_cluster_size", 0)),
                found.get("wsrep_local_state_comment", ""))

    def brokers(self, machine: Machine) -> set[str]:
        """The nodes of RabbitMQ's cluster that run, as one of them sees it."""
        said = machine.inside("docker", "exec", "-u", "rabbitmq", "rabbitmq", "rabbitmqctl", "--quiet",
                              "--formatter=json", "cluster_status", check=False)
        return {name.removeprefix("rabbit@") for name in json.loads(said)["running_nodes"]} if said else set()

"""A cloud of three controllers on nodes that are machines of their own: what keeps a cloud up when one is lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from tests.e2e.cloud import PROJECT, Cloud, Done
from tests.e2e.nodes.machines import Machine, Machines

SERVICES = ("CACerts", "HAproxy", "Keepalived", "MySQL", "RabbitMQ", "Memcached", "Keystone")
IMAGES = ("haproxy", "keepalived", "mariadb-server", "rabbitmq", "memcached", "keystone-api")
#: What a server needs beside them, and what runs it.
MORE_SERVICES = ("GlanceApi", "PlacementApi", "NeutronApi", "NeutronCorePlugin", "NovaApi", "NovaConductor",
                 "NovaScheduler")
MORE_IMAGES = ("glance-api", "placement-api", "neutron-server", "nova-api", "nova-conductor", "nova-scheduler",
               "nova-compute")
COMPUTE_SERVICES = ("CACerts", "NovaCompute")
CONTROLLERS = ("control-0", "control-1", "control-2")
COMPUTES = ("compute-0", "compute-1")
#: One file system of all nodes, for Glance's images.
SHARED = "/srv/images"
GLANCE = "42415:42415"


@dataclass
class HaCloud(Cloud):
    """The CONTROLLERS have the role Controller, other machines Compute. /etc/hosts is left alone: nodes have no Puppet.
    Where it is ``whole``, it can boot a server."""

    machines: Machines = field(kw_only=True)

    @classmethod
    def of(cls, machines: Machines, name: str, folder: Path, *, whole: bool = False) -> Self:
        return cls(name, folder, "unix:///nowhere", "", f"172.30.{machines.number}.250", 0, machines=machines,
                   whole=whole)

    def write_files(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.nodes_file.write_text(yaml.safe_dump({"nodes": [
            {"name": machine.name, "role": "Controller" if machine.name in CONTROLLERS else "Compute",
             "address": machine.address, "ssh": {"config": str(self.machines.ssh_config)}}
            for machine in self.machines.machines]}))
        roles: dict[str, Sequence[str]] = {"Controller": (*SERVICES, *MORE_SERVICES) if self.whole else SERVICES}
        if self.whole:
            roles["Compute"] = COMPUTE_SERVICES
        (self.folder / "roles.yaml").write_text(yaml.safe_dump([
            {"name": role, "CountDefault": 1, "tags": ["primary", "controller"] if role == "Controller" else [],
             "ServicesDefault": [f"OS::TripleO::Services::{name}" for name in services]}
            for role, services in roles.items()]))
        shared = {"GlanceFilePath": SHARED, "GlanceApiOptVolumes": [f"{SHARED}:{SHARED}"]} if self.whole else {}
        self.environment("cloud", ControlFixedIPs=[{"ip_address": self.vip}], InnodbBufferPoolSize="32M", **shared)

    def run(self, *words: str, timeout: float = 3600) -> Done:
        return super().run(*words, timeout=timeout)

    def deploy_words(self, *more: str) -> list[str]:
        files = ("low-memory-usage", "ha")
        return super().deploy_words("-r", str(self.folder / "roles.yaml"), *(
            word for name in files for word in ("-e", str(PROJECT / f"environments/{name}.yaml"))), *more)

    @property
    def controllers(self) -> list[Machine]:
        return [machine for machine in self.machines.machines if machine.name in CONTROLLERS]

    def login(self) -> dict[str, str]:
        """Who the administrator is to Keystone, as clouds.yaml has it."""
        clouds = yaml.safe_load((self.folder / "clouds.yaml").read_text())["clouds"]
        found: dict[str, str] = clouds[self.name]["auth"]
        return found

    def update(self, verb: str, *more: str) -> Done:
        return self.run("openstack", "overcloud", "update", verb, "--stack", self.name, *more)

    def prepare_update(self, *more: str) -> Done:
        words = self.deploy_words(*more)
        return self.run(*words[:2], "update", "prepare", *words[3:])

    def journal(self) -> list[dict[str, Any]]:
        path = self.state / self.name / "journal.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    def holder(self) -> str:
        """Which controller has the VIP; '' where none or several have."""
        found = [machine.name for machine in self.controllers if f" {self.vip}/32 " in machine.inside(
            "ip", "-oneline", "address", "show", "dev", "eth0", check=False)]
        return found[0] if len(found) == 1 else ""

    def orphans(self) -> list[str]:
        """Connections to the VIP, as node and address, of which the node that has it knows nothing: nobody answers."""
        if not (holder := self.holder()):
            return ["no node has it"]
        there = self.machines[holder]
        known = {line.split()[4] for line in there.inside("ss", "-Htn", "src", self.vip).splitlines()}
        asking = [(machine, line.split()[3]) for machine in self.machines.machines if machine is not there
                  for line in machine.inside("ss", "-Htn", "dst", self.vip, check=False).splitlines()]
        return [f"{machine.name} {address}" for machine, address in asking if address not in known]

    def within(self, machine: Machine, user: str, service: str, *words: str) -> str:
        """What a command prints in a node's container of a service; '' where it fails."""
        return machine.inside("docker", "exec", "-u", user, service, *words, check=False)

    def galera(self, machine: Machine) -> tuple[str, int, str]:
        """(status, nodes, state) of the database's cluster as one node sees it."""
        asked = "SHOW GLOBAL STATUS WHERE Variable_name IN " \
            "('wsrep_cluster_status', 'wsrep_cluster_size', 'wsrep_local_state_comment')"
        said = self.within(machine, "root", "mysql", "mariadb", "-BNe", asked)
        found = dict(line.split("\t") for line in said.splitlines())
        return (found.get("wsrep_cluster_status", ""), int(found.get("wsrep_cluster_size", 0)),
                found.get("wsrep_local_state_comment", ""))

    def brokers(self, machine: Machine) -> set[str]:
        """The nodes of RabbitMQ's cluster that run, as one of them sees it."""
        said = self.within(machine, "rabbitmq", "rabbitmq", "rabbitmqctl", "--quiet", "--formatter=json",
                           "cluster_status")
        return {name.removeprefix("rabbit@") for name in json.loads(said)["running_nodes"]} if said else set()

"""A cloud whose VIP and HAProxy are Pacemaker's, on nodes that are machines of their own; and who uses it meanwhile."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import TracebackType
from typing import ClassVar

import yaml

from tests.e2e.cloud import PROJECT, Cloud, Done
from tests.e2e.nodes.ha import HaCloud
from tests.e2e.nodes.machines import Machine
from treadle.images import catalogue

PACKAGES = ("corosync", "pacemaker", "pacemaker-cli-utils", "pcs", "puppet-agent", "resource-agents")
SERVICES = ("Pacemaker", "CACerts", "HAproxy")
BUNDLE = "haproxy-bundle"
BUNDLES = {"haproxy": BUNDLE, "mysql": "galera-bundle", "rabbitmq": "rabbitmq-bundle"}
#: Of HAProxy's statistics page, which needs no other service.
PORT = 1993


@dataclass
class ClusteredCloud(HaCloud):
    """The role Controller has no services but Pacemaker and HAProxy."""

    services: ClassVar[Sequence[str]] = SERVICES

    def write_files(self) -> None:
        super().write_files()
        roles = self.folder / "roles.yaml"
        controller = yaml.safe_load(roles.read_text())[0]
        controller["ServicesDefault"] = [f"OS::TripleO::Services::{name}" for name in self.services]
        roles.write_text(yaml.safe_dump([controller]))
        self.environment("cloud", ControlFixedIPs=[{"ip_address": self.vip}], CorosyncTokenTimeout=3000,
                         InnodbBufferPoolSize="32M")

    def words(self, *more: str) -> list[str]:
        return ["--templates", str(PROJECT), "--stack", self.name, "--nodes", str(self.nodes_file),
                "-e", str(self.environment_file), "-r", str(self.folder / "roles.yaml"),
                *(word for name in ("low-memory-usage", "docker-ha")
                  for word in ("-e", str(PROJECT / f"environments/{name}.yaml"))), *more]

    def deploy_words(self, *more: str) -> list[str]:
        return ["openstack", "overcloud", "deploy", *self.words(*more)]

    def update(self, *words: str) -> Done:
        return self.run("openstack", "overcloud", "update", *words, "--stack", self.name)

    def prepare(self, *more: str) -> Done:
        return self.run("openstack", "overcloud", "update", "prepare", *self.words(*more))

    def resources(self, machine: Machine) -> dict[str, str]:
        """Where each resource is started, as one node of the cluster sees it; those that are on all are left out."""
        said = machine.inside("crm_mon", "-1", "--inactive", check=False).splitlines()
        rows = [line.replace("\t", " ").split() for line in said if "(ocf:heartbeat:" in line]
        return {row[1]: row[-1] if "Started" in row else "" for row in rows}

    def running(self, machine: Machine, bundle: str = BUNDLE) -> str:
        """A bundle's container on a node: its id and when it was made."""
        return machine.inside("docker", "ps", "--no-trunc", "--filter", f"name=^/{bundle}-docker-", "--format",
                              "{{.ID}} {{.CreatedAt}}", check=False).strip()


class BundledCloud(ClusteredCloud):
    """The same with MariaDB and RabbitMQ as bundles, and Keystone, which uses both."""

    services = (*SERVICES, "MySQL", "RabbitMQ", "Memcached", "Keystone")

    def within(self, machine: Machine, user: str, service: str, *words: str) -> str:
        container = self.running(machine, BUNDLES[service]).partition(" ")[0]
        return super().within(machine, user, container, *words) if container else ""


def versions(cloud: ClusteredCloud, bundle: str = BUNDLE) -> list[str]:
    """Which image of ``newer`` each node's container of a bundle runs."""
    form = "{{range .Config.Env}}{{println .}}{{end}}"
    said = [machine.inside("docker", "inspect", "--format", form, cloud.running(machine, bundle).split()[0])
            for machine in cloud.controllers]
    return [line.removeprefix("VERSION=") for text in said for line in text.split() if line.startswith("VERSION=")]


def newer(cloud: ClusteredCloud, version: str, image: str, parameter: str) -> str:
    """Make another image on all nodes; gives an environment file that says so by ``parameter``."""
    old = catalogue.load(PROJECT / "images").reference(image)
    name = f"{old.rpartition(':')[0]}:{version}"
    for machine in cloud.controllers:
        machine.inside("docker", "build", "--quiet", "--tag", name, "-", given=f"FROM {old}\nENV VERSION={version}\n")
    return cloud.environment(version, **{parameter: name})


@dataclass
class Users:
    """Ask HAProxy on the VIP again and again."""

    cloud: Cloud
    answers: list[tuple[float, bool]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Users:
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def outage(self) -> float:
        """The longest time in seconds from one answer to the next."""
        good = [when for when, answered in self.answers if answered]
        return max((after - before for before, after in pairwise(good)), default=float("inf"))

    def _ask(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            connection = http.client.HTTPConnection(self.cloud.vip, PORT, timeout=0.5)
            try:
                connection.request("GET", "/")
                self.answers.append((time.monotonic(), connection.getresponse().status in (200, 401)))
            except (OSError, http.client.HTTPException):
                self.answers.append((time.monotonic(), False))
            finally:
                connection.close()
            self._stop.wait(max(0.0, 0.1 - (time.monotonic() - began)))

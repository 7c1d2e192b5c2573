"""Images that go to a registry once, and from there to the nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.e2e.cloud import PROJECT, Done
from tests.e2e.engine import PrivateEngine
from tests.e2e.nodes.cloud import RemoteCloud, containers
from tests.e2e.nodes.machines import Machine, Machines, image, nodes_file
from tests.e2e.small import Service

SERVICE = Service("cache", config="none", entry={"command": ["sleep", "infinity"], "stop_grace_period": 1,
                                                 "healthcheck": {"test": "true"}})
CONFIG = """version: 0.1
storage: {filesystem: {rootdirectory: /var/lib/registry}}
http: {addr: ":5000"}
"""


@dataclass
class RegistryCloud(RemoteCloud):
    """One service on two nodes, whose image has a parameter as those of all services have."""

    registry: str = ""

    def write_files(self) -> None:
        self.services = (SERVICE,)
        super(RemoteCloud, self).write_files()
        path = self.templates / "cache.yaml"
        path.write_text(path.read_text().replace("CacheImage", "DockerCacheImage"))
        self.nodes_file.write_text(nodes_file(self.machines, "Small"))

    def prepare(self, source: str) -> Done:
        """Push ``source``, and write images.yaml."""
        named = self.values("built", DockerCacheImage=source)
        return self.run("openstack", "overcloud", "container", "image", "prepare", "--templates", str(PROJECT),
                        "--roles-file", str(self.roles_file), "-e", str(self.environment_file), *named,
                        "--push-destination", self.registry, "--output-env-file", str(self.folder / "images.yaml"))

    def with_images(self) -> Done:
        return self.deploy("-e", str(self.folder / "images.yaml"))


@pytest.fixture(scope="module")
def machines(folder: Path, number: int) -> Iterator[Machines]:
    made = Machines(number + 1, ("one", "two"), folder / "registry-machines")
    try:
        made.make()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def cloud(folder: Path, number: int, machines: Machines, bare_engine: PrivateEngine) -> RegistryCloud:
    """Not deployed yet. The first node has a registry without TLS, which all nodes' engines are told of."""
    first = machines["one"]
    first.inside("sh", "-c", "cat >/etc/registry.yml", given=CONFIG)
    first.inside("sh", "-c", "docker-registry serve /etc/registry.yml >/var/log/registry.log 2>&1 &")
    registry = f"{first.address}:5000"
    for machine in machines.machines:
        trust(machine, registry)
    made = RegistryCloud(f"registry{number}", folder / "registry", bare_engine.url, "", f"172.30.{number + 1}.200", 0,
                         machines=machines, registry=registry)
    made.write_files()
    return made


def trust(machine: Machine, registry: str) -> None:
    """As an operator tells an engine of a registry without TLS; it need not be started again."""
    machine.inside("sh", "-c", "cat >/etc/docker/daemon.json", given=f'{{"insecure-registries": ["{registry}"]}}')
    machine.inside("pkill", "-HUP", "-x", "dockerd")


def build(engine: PrivateEngine, what: str) -> str:
    """An image of its own id, called mine/cache:WHAT; gives the id."""
    base = image().replace("/node:", "/debian:")
    if not engine.docker("images", "-q", base).stdout.strip():
        engine.load_from_machine([base])
    engine.docker("build", "-q", "-t", f"mine/cache:{what}", "-", given=f"FROM {base}\nLABEL what={what}\n".encode())
    return engine.docker("inspect", "--format", "{{.Id}}", f"mine/cache:{what}").stdout.strip()


def runs(machine: Machine) -> str:
    """The id of the image that the node's container was made from."""
    return machine.docker("inspect", "--format", "{{.Image}}", "cache").strip()


def test_nodes_get_their_images_from_a_registry(cloud: RegistryCloud, machines: Machines,
                                                bare_engine: PrivateEngine) -> None:
    unbuilt = cloud.prepare("mine/cache:one")
    assert unbuilt.code == 1 and "the engine has no image mine/cache:one" in unbuilt.err
    first = build(bare_engine, "one")
    cloud.prepare("mine/cache:one").ok()
    named = yaml.safe_load((cloud.folder / "images.yaml").read_text())["parameter_defaults"]
    assert named == {"DockerCacheImage": f"{cloud.registry}/mine/cache:one"}
    cloud.with_images().ok()
    assert [runs(machine) for machine in machines.machines] == [first, first]
    before = [containers(machine) for machine in machines.machines]
    assert "Nothing to do" in cloud.with_images().ok().out
    # Another image: what runs from the old one is made anew. A name that the registry does not know is refused first.
    second = build(bare_engine, "two")
    assert first != second
    unpushed = cloud.deploy(*cloud.values("other", DockerCacheImage=f"{cloud.registry}/mine/cache:three"))
    assert unpushed.code == 1 and f"cannot pull {cloud.registry}/mine/cache:three" in unpushed.err
    assert [containers(machine) for machine in machines.machines] == before
    cloud.prepare("mine/cache:two").ok()
    assert "image" in cloud.with_images().ok().err
    assert [runs(machine) for machine in machines.machines] == [second, second]
    # The same image under another name: nothing that runs is touched.
    before = [containers(machine) for machine in machines.machines]
    bare_engine.docker("tag", "mine/cache:two", "mine/cache:renamed")
    cloud.prepare("mine/cache:renamed").ok()
    cloud.with_images().ok()
    assert [containers(machine) for machine in machines.machines] == before

"""Swift in a cloud of its own: objects come back as they went in, and outlive whatever is done to the containers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.cloud import PROJECT, Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.test_cinder import asked, until
from tests.e2e.test_cloud import containers

ON = str(PROJECT / "environments/services/swift.yaml")
SERVERS = {"swift_proxy", "swift_account_server", "swift_container_server", "swift_object_server"}


@pytest.fixture(scope="module")
def swift(folder: Path, engine: PrivateEngine, number: int) -> Iterator[Cloud]:
    """Users, tokens and objects, with the images that this takes: made by the one command that a user types."""
    made = Cloud.on(number + 1, "swift", folder / "swift", engine.url, prefix="swift-")
    made.write_files()
    file = yaml.safe_load(made.environment_file.read_text())
    for name in ("CinderApi", "CinderScheduler", "CinderVolume", "RabbitMQ"):
        file["resource_registry"][f"OS::TripleO::Services::{name}"] = "OS::Heat::None"
    for name in ("RabbitEpmdPort", "RabbitDistPort"):
        del file["parameter_defaults"][name]
    file["parameter_defaults"].update({f"Swift{name}Workers": "1" for name in ("", "Account", "Container", "Object")})
    made.environment_file.write_text(yaml.safe_dump(file))
    made.standalone("-e", ON).ok()
    yield made
    made.run("openstack", "overcloud", "delete", "--stack", made.name, "--yes").ok()


def saved(cloud: Cloud, name: str, file: Path) -> bytes:
    cloud.openstack("object", "save", "--file", str(file), "box", name).ok()
    return file.read_bytes()


def rings(cloud: Cloud) -> dict[str, tuple[float, bytes]]:
    """``{file: (when it was written, content)}``"""
    return {path.name: (path.stat().st_mtime, path.read_bytes())
            for path in (cloud.root / "var/lib/swift/rings").iterdir()}


def test_objects_are_as_they_were_through_deploys_and_restarts(swift: Cloud, engine: PrivateEngine,
                                                               tmp_path: Path) -> None:
    data = os.urandom(2_000_000)
    (tmp_path / "in").write_bytes(data)
    swift.openstack("container", "create", "box").ok()
    for name in ("kept", "gone"):
        swift.openstack("object", "create", "--name", name, "box", str(tmp_path / "in")).ok()
    assert saved(swift, "kept", tmp_path / "out") == data
    until(lambda: [row["Name"] for row in asked(swift, "object", "list", "box")] == ["gone", "kept"])
    swift.openstack("object", "delete", "box", "gone").ok()
    assert [row["Name"] for row in asked(swift, "object", "list", "box")] == ["kept"]
    assert swift.openstack("object", "show", "box", "gone").code != 0

    there, built = containers(engine, swift), rings(swift)
    assert {"account.ring.gz", "container.ring.gz", "object.ring.gz"} <= set(built)
    assert swift.planned("-e", ON) == {}
    # A new config volume, because an option changed: the servers go on, and the rings are none of it.
    option = {"treadle::profile::base::swift::storage::options": {
        "object": {"object-replicator/interval": {"value": 77}}}}
    changed = swift.environment("changed", SwiftExtraConfig=option, SwiftProxyNodeTimeout=33)
    planned = swift.planned("-e", ON, "-e", changed)
    assert {name: planned[name] for name in SERVERS} == dict.fromkeys(SERVERS, "reload")
    assert {planned[name] for name in set(planned) - SERVERS} == {"restart", "reload"}
    swift.deploy("-e", ON, "-e", changed).ok()
    assert swift.planned("-e", ON, "-e", changed) == {}
    after = containers(engine, swift)
    assert {name: after[name] for name in SERVERS} == {name: there[name] for name in SERVERS}
    file = engine.docker("exec", after["swift_object_replicator"][0], "cat", "/etc/swift/object-server.conf").stdout
    assert "interval=77" in file.replace(" ", "")
    file = engine.docker("exec", after["swift_proxy"][0], "cat", "/etc/swift/proxy-server.conf").stdout
    assert "node_timeout=33" in file.replace(" ", "")
    assert saved(swift, "kept", tmp_path / "out") == data

    engine.docker("restart", *(identity for name, (identity, _) in after.items()
                               if name.startswith("swift_") and name != "swift_ring_builder"))
    until(lambda: swift.openstack("object", "list", "box").code == 0)
    assert saved(swift, "kept", tmp_path / "out") == data
    assert rings(swift) == built

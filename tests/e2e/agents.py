"""The cloud that most tests share with more services for a while, among them Neutron's agents on Open vSwitch. Packets
are switched in user space, so the kernel needs no module."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from tests.e2e.cloud import PROJECT, Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.test_cloud import containers

NEUTRON = {"NeutronApi": "neutron-api", "NeutronCorePlugin": "neutron-plugin-ml2"}


@contextmanager
def networks(cloud: Cloud, engine: PrivateEngine, services: dict[str, str], *environments: str,
             **parameters: Any) -> Iterator[Cloud]:
    """``services`` are ``{type: template}`` of what that cloud is without."""
    given = cloud.folder / "more.yaml"
    given.write_text(yaml.safe_dump({
        "resource_registry": {f"OS::TripleO::Services::{name}": f"{PROJECT}/docker/services/{template}.yaml"
                              for name, template in services.items()},
        "parameter_defaults": {"NeutronDatapathType": "netdev", **parameters}}))
    files = ["environments/services/neutron-ovs-agents.yaml", *environments]
    before = set(containers(engine, cloud))
    # Tunnels end at an address that an interface has.
    subprocess.run(["ip", "address", "add", f"{cloud.node_ip}/32", "dev", "lo"], check=True)
    try:
        cloud.deploy("-e", str(given), *(word for file in files for word in ("-e", str(PROJECT / file)))).ok()
        yield cloud
        cloud.deploy().ok()
        assert set(containers(engine, cloud)) == before
    finally:
        subprocess.run(["ip", "address", "delete", f"{cloud.node_ip}/32", "dev", "lo"], check=True)
        subprocess.run(["umount", "--lazy", cloud.root / "run/netns"], check=True)

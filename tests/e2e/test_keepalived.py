"""keepalived for real: two nodes on one network, each in a namespace of its own, and who of them has the VIP."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.cloud import PROJECT, Cloud
from tests.e2e.engine import PrivateEngine

IMAGE = "treadle/keepalived:2025.1"
LISTEN = """
import socket, time
server = socket.socket()
server.setsockopt(socket.SOL_IP, 15, 1)  # IP_FREEBIND: as HAProxy, whether or not the address is here
server.bind(("{vip}", 80))
server.listen()
time.sleep(600)
"""
START = """
until ip -oneline link show eth0 up 2>/dev/null | grep -q eth0; do sleep 0.1; done
exec /usr/sbin/keepalived --dont-fork --log-console --vrrp
"""


def connect(switch: str, nodes: list[str], number: int) -> None:
    """A switch between the network namespaces of two processes, in that of a third.

    On the engine's own bridge they would be subject to the machine's firewall; on a bare cable, the loss of one would
    be seen as the loss of the other's own interface.
    """
    inside(switch, "link", "add", "switch", "type", "bridge")
    inside(switch, "link", "set", "switch", "up")
    for at, node in enumerate(nodes, 1):
        port = f"vip{number}p{at}"
        inside(switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", node)
        inside(switch, "link", "set", port, "master", "switch", "up")
        inside(node, "address", "add", f"172.31.{number}.{at}/24", "dev", "eth0")
        inside(node, "link", "set", "eth0", "up")


def inside(process: str, *words: str) -> None:
    subprocess.run(["nsenter", "--net", "--target", process, "ip", *words], check=True)


@pytest.fixture
def pair(folder: Path, engine: PrivateEngine, number: int) -> Iterator[tuple[str, str, str]]:
    """(VIP, first container, second one), with the configuration that is generated for two nodes."""
    cloud = Cloud.on(number, "vip", folder / "vip", engine.url)
    cloud.write_files()
    vip = f"172.31.{number}.200"
    roles = cloud.folder / "roles.yaml"
    roles.write_text(yaml.safe_dump([{"name": "Standalone", "CountDefault": 2, "tags": ["primary", "controller"],
                                      "ServicesDefault": ["OS::TripleO::Services::Keepalived"]}]))
    places = [cloud.folder / "one", cloud.folder / "two"]
    cloud.nodes_file.write_text(yaml.safe_dump({"nodes": [
        {"name": place.name, "role": "Standalone", "address": f"127.0.{number}.{at}", "root": str(place),
         "container_prefix": f"{place.name}-"} for at, place in enumerate(places, 11)]}))
    files = ["-e", str(PROJECT / "environments/services/keepalived.yaml"), "-e", str(cloud.environment_file),
             "-e", cloud.environment("vips", ControlFixedIPs=[{"ip_address": vip}], PublicVirtualFixedIPs=[],
                                     InternalApiVirtualFixedIPs=[], KeepalivedExtraConfig={
                                         "treadle::profile::base::keepalived::check_haproxy": True})]
    cloud.run("openstack", "overcloud", "config", "generate", "--templates", str(PROJECT), "--stack", cloud.name,
              "--nodes", str(cloud.nodes_file), "-r", str(roles), *files).ok()
    names = [f"treadle-vip{number}-{place.name}" for place in places]
    for name, place in zip(names, places, strict=True):
        tree = place / "tree"
        tree.mkdir()
        made = place / f"var/lib/treadle/{cloud.name}/node/generated/keepalived.tar"
        subprocess.run(["tar", "--extract", "--file", made, "--directory", tree], check=True)
        given = [word for path in ("etc/keepalived/keepalived.conf", "etc/treadle")
                 for word in ("--volume", f"{tree}/{path}:/{path}:ro")]
        may = [f"--cap-add={name}" for name in ("NET_ADMIN", "NET_BROADCAST", "NET_RAW")]
        engine.docker("run", "--detach", "--name", name, "--user", "root", "--network", "none", *may, *given,
                      "--entrypoint", "/bin/sh", IMAGE, "-c", START)
    switch = f"treadle-vip{number}-switch"
    engine.docker("run", "--detach", "--name", switch, "--network", "none", "--entrypoint", "sleep", IMAGE, "infinity")
    first, second, third = (engine.docker("inspect", "--format", "{{.State.Pid}}", name).stdout.strip()
                            for name in (*names, switch))
    connect(third, [first, second], number)
    yield vip, names[0], names[1]
    engine.docker("rm", "--force", *names, switch)


def test_a_vip_is_on_the_first_node_that_could_serve(engine: PrivateEngine, pair: tuple[str, str, str]) -> None:
    vip, first, second = pair
    for name in pair[1:]:
        engine.docker("exec", "--detach", name, "python3", "-c", LISTEN.format(vip=vip))
    holds(engine, vip, first)
    # HAProxy ends on the first node.
    engine.docker("exec", first, "pkill", "python3")
    holds(engine, vip, second)
    holds(engine, vip, first, whether=False)  # which hears of the second a moment later
    # It is there again, and then the whole node is lost.
    engine.docker("exec", "--detach", first, "python3", "-c", LISTEN.format(vip=vip))
    holds(engine, vip, first)
    engine.docker("kill", first)
    holds(engine, vip, second)


def addresses(engine: PrivateEngine, name: str) -> str:
    return engine.docker("exec", name, "ip", "-oneline", "-4", "address", "show", "dev", "eth0").stdout


def holds(engine: PrivateEngine, vip: str, name: str, *, whether: bool = True) -> None:
    end = time.monotonic() + 30
    while (f"{vip}/32" in addresses(engine, name)) is not whether:
        assert time.monotonic() < end, engine.docker("logs", name).stderr
        time.sleep(0.2)

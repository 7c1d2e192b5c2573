"""Neutron's agents on Open vSwitch, in the cloud that most tests share: packets flow between a machine on a network of
a user, its DHCP server and its router."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.agents import NEUTRON, networks
from tests.e2e.cloud import Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.test_cinder import asked, until
from tests.e2e.test_cloud import containers

IMAGE = "treadle/neutron-openvswitch-agent:2025.1"
#: In the network namespace of a machine: an address by DHCP (RFC 2131) on the interface vm0, and where it is to be
#: reached an echo (RFC 792) of the router that DHCP named.
CLIENT = """
import json, os, socket, struct, subprocess, sys
mac = bytes.fromhex(sys.argv[1].replace(":", ""))
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for option in (socket.SO_REUSEADDR, socket.SO_BROADCAST):
    link.setsockopt(socket.SOL_SOCKET, option, 1)
link.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"vm0")
link.bind(("", 68))
link.settimeout(3)
number = os.urandom(4)

def ask(kind, *more):
    head = struct.pack("!4B4s2H16x16s192x4s", 1, 1, 6, 0, number, 0, 0x8000, mac, bytes((99, 130, 83, 99)))
    wanted = bytes((53, 1, kind)) + b"".join(bytes((code, len(value))) + value for code, value in more)
    for _ in range(10):
        link.sendto(head + wanted + bytes((55, 2, 1, 3, 255)), ("255.255.255.255", 67))
        try:
            answer = link.recv(2000)
        except TimeoutError:
            continue
        options, at = {}, 240
        while answer[at] != 255:
            options[answer[at]] = answer[at + 2:at + 2 + answer[at + 1]]
            at += 2 + answer[at + 1]
        return answer[16:20], options
    raise SystemExit("no DHCP server answers")

offered, options = ask(1)
given, options = ask(3, (50, offered), (54, options[54]))
assert options[53] == bytes([5]), options
address, router = socket.inet_ntoa(given), socket.inet_ntoa(options[3])
subprocess.run(["ip", "address", "add", address + "/24", "dev", "vm0"], check=True)
echo = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
echo.settimeout(3)
words = struct.pack("!BBHHH", 8, 0, 0, 7, 1)
sums = sum(struct.unpack("!4H", words))
words = words[:2] + struct.pack("!H", ~(sums + (sums >> 16)) & 0xffff) + words[4:]
for _ in range(10):
    echo.sendto(words, (router, 0))
    try:
        answer = echo.recv(100)[20:]
    except TimeoutError:
        continue
    break
else:
    raise SystemExit("the router does not answer")
print(json.dumps({"address": address, "router": router, "echo": answer[0] == 0 and answer[4:8] == words[4:8]}))
"""


@pytest.fixture(scope="module")
def networked(cloud: Cloud, engine: PrivateEngine) -> Iterator[Cloud]:
    """With Neutron, which that cloud is without, and its agents."""
    with networks(cloud, engine, NEUTRON) as made:
        yield made


@pytest.fixture
def machine(networked: Cloud, engine: PrivateEngine) -> Iterator[str]:
    """The process id of a machine that is nothing but a network namespace."""
    name = f"treadle-{networked.name}-machine"
    engine.docker("run", "--detach", "--name", name, "--network", "none", "--entrypoint", "sleep", IMAGE, "infinity")
    yield engine.docker("inspect", "--format", "{{.State.Pid}}", name).stdout.strip()
    engine.docker("rm", "--force", name)


def test_all_agents_report(networked: Cloud) -> None:
    def alive() -> set[str]:
        return {agent["Binary"] for agent in asked(networked, "network", "agent", "list") if agent["Alive"]}

    until(lambda: alive() == {f"neutron-{name}-agent" for name in ("openvswitch", "dhcp", "l3", "metadata")}, 60)


def test_a_machine_gets_its_address_and_reaches_its_router(networked: Cloud, engine: PrivateEngine,
                                                           machine: str) -> None:
    asked(networked, "network", "create", "inner")
    asked(networked, "subnet", "create", "--network", "inner", "--subnet-range", "10.99.0.0/24", "inner")
    asked(networked, "router", "create", "out")
    networked.openstack("router", "add", "subnet", "out", "inner").ok()
    port = asked(networked, "port", "create", "--network", "inner", "--host", f"{networked.name}-0.localdomain", "vm")
    # As a hypervisor plugs a server's interface.
    engine.docker("exec", "--user", "root", containers(engine, networked)["openvswitch_vswitchd"][0],
                  "ovs-vsctl", "add-port", "br-int", "vm0", "--", "set", "Interface", "vm0", "type=internal",
                  f'mac="{port["mac_address"]}"', f"external_ids:iface-id={port['id']}",
                  f'external_ids:attached-mac="{port["mac_address"]}"', "external_ids:iface-status=active")
    subprocess.run(["ip", "link", "set", "vm0", "netns", machine], check=True)
    inside = ["nsenter", "--net", "--target", machine]
    subprocess.run([*inside, "ip", "link", "set", "vm0", "up"], check=True)
    done = subprocess.run([*inside, sys.executable, "-c", CLIENT, port["mac_address"]], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"address": port["fixed_ips"][0]["ip_address"], "router": "10.99.0.1",
                                       "echo": True}
    until(lambda: asked(networked, "port", "show", "vm")["status"] == "ACTIVE", 60)

    networked.openstack("port", "delete", "vm").ok()
    networked.openstack("router", "remove", "subnet", "out", "inner").ok()
    networked.openstack("router", "delete", "out").ok()
    networked.openstack("network", "delete", "inner").ok()
    until(lambda: not list((networked.root / "run/netns").iterdir()), 60)  # the agents clear up behind them

"""Servers that QEMU runs: Nova has libvirt, in containers, start a real machine that finds its network by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.agents import NEUTRON, networks
from tests.e2e.cloud import Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.guest import made as guest_made
from tests.e2e.test_cinder import asked, until
from tests.e2e.test_cloud import containers
from tests.e2e.test_core import made, status

NOVA = {"GlanceApi": "glance-api", "PlacementApi": "placement-api", "NovaApi": "nova-api",
        "NovaMetadata": "nova-metadata", "NovaConductor": "nova-conductor", "NovaScheduler": "nova-scheduler",
        "NovaCompute": "nova-compute"}


@pytest.fixture(scope="module")
def virsh(cloud: Cloud, engine: PrivateEngine) -> Callable[..., str]:
    def run(*words: str) -> str:
        return engine.docker("exec", containers(engine, cloud)["nova_libvirt"][0], *words).stdout.strip()

    return run


@pytest.fixture(scope="module")
def computing(cloud: Cloud, engine: PrivateEngine, virsh: Callable[..., str]) -> Iterator[Cloud]:
    """With what a server needs, which that cloud is without."""
    with networks(cloud, engine, {**NEUTRON, **NOVA}, "environments/nova-libvirt.yaml",
                  NovaReservedHostMemory=512) as there:
        try:
            yield there
        finally:  # QEMU outlives its containers
            virsh("sh", "-c", "virsh list --name | xargs --no-run-if-empty -n 1 virsh destroy")


@pytest.fixture(scope="module")
def server(computing: Cloud, folder: Path) -> dict[str, Any]:
    """A server that has just been made; it has a port on a network with a router."""
    guest = guest_made(folder / "guest")
    words = {"kernel": (guest.kernel, "aki"), "ramdisk": (guest.ramdisk, "ari")}
    ids = {name: made(computing, "image", name, "--file", str(file), "--disk-format", kind, "--container-format",
                      kind)["id"] for name, (file, kind) in words.items()}
    made(computing, "image", "guest", "--file", str(guest.disk), "--disk-format", "raw", "--container-format", "bare",
         "--property", f"kernel_id={ids['kernel']}", "--property", f"ramdisk_id={ids['ramdisk']}",
         # Emulated on a busy machine, timers may be later than a kernel believes possible.
         "--property", "os_command_line=console=ttyS0 quiet no_timer_check")
    made(computing, "network", "inner")
    made(computing, "subnet", "inner", "--network", "inner", "--subnet-range", "10.99.0.0/24")
    made(computing, "router", "out")
    computing.openstack("router", "add", "subnet", "out", "inner").ok()
    made(computing, "flavor", "tiny", "--ram", "128", "--disk", "1", "--vcpus", "1")
    return made(computing, "server", "vm", "--flavor", "tiny", "--image", "guest", "--network", "inner")


def says(cloud: Cloud, line: str) -> Callable[[], bool]:
    return lambda: line in cloud.openstack("console", "log", "show", "vm").ok().out.splitlines()


def test_a_server_finds_its_address_and_its_metadata(computing: Cloud, server: dict[str, Any],
                                                     virsh: Callable[..., str]) -> None:
    until(lambda: status(computing, "server", "vm")("ACTIVE"))
    (address,) = asked(computing, "server", "show", "vm")["addresses"]["inner"]
    until(says(computing, "guest: is called vm.novalocal"))
    assert says(computing, f"guest: has {address}/24")()
    assert says(computing, f"guest: runs on {2 * 1024 * 1024} sectors")()  # the flavor's GiB, not the image's MiB
    assert virsh("virsh", "domuuid", virsh("virsh", "list", "--name")) == server["id"]


def test_a_server_runs_on_while_libvirtd_is_made_anew(computing: Cloud, engine: PrivateEngine, server: dict[str, Any],
                                                      virsh: Callable[..., str]) -> None:
    (file,) = (computing.root / "run/libvirt/qemu").glob("instance-*.pid")
    qemu = Path(f"/proc/{file.read_text().strip()}")
    began = qemu.stat().st_ctime
    before = containers(engine, computing)["nova_libvirt"][0]
    engine.docker("rm", "--force", before)
    computing.run("openstack", "overcloud", "config", "instantiate", "--stack", computing.name, "--yes").ok()
    assert containers(engine, computing)["nova_libvirt"][0] != before
    until(lambda: virsh("virsh", "list", "--uuid") == server["id"])
    assert qemu.stat().st_ctime == began


def test_a_server_is_stopped_started_and_rebooted(computing: Cloud, server: dict[str, Any],
                                                  virsh: Callable[..., str]) -> None:
    computing.openstack("server", "stop", "vm").ok()
    until(lambda: status(computing, "server", "vm")("SHUTOFF"))
    assert virsh("virsh", "domstate", server["id"]) == "shut off"
    log = (computing.root / "var/log/containers/nova/nova-compute.log").read_text()
    assert "Instance shutdown successfully after" in log  # by its own button, before Nova lost patience

    computing.openstack("server", "start", "vm").ok()
    until(lambda: status(computing, "server", "vm")("ACTIVE"))
    until(says(computing, "guest: is called vm.novalocal"))
    number = virsh("virsh", "domid", server["id"])

    computing.openstack("server", "reboot", "--hard", "vm").ok()
    # Meanwhile libvirt knows no such server: it is defined anew.
    until(lambda: virsh("sh", "-c", f"virsh domid {server['id']} || :") not in ("", "-", number))
    until(lambda: status(computing, "server", "vm")("ACTIVE"))
    until(says(computing, "guest: is called vm.novalocal"))


def test_nothing_of_a_deleted_server_is_left(computing: Cloud, server: dict[str, Any],
                                             virsh: Callable[..., str]) -> None:
    folder = computing.root / "var/lib/nova/instances" / server["id"]
    assert folder.exists()
    computing.openstack("server", "delete", "--wait", "vm").ok()
    assert virsh("virsh", "list", "--all", "--name") == "" and not folder.exists()
    computing.openstack("router", "remove", "subnet", "out", "inner").ok()
    computing.openstack("router", "delete", "out").ok()
    computing.openstack("network", "delete", "inner").ok()
    until(lambda: not list((computing.root / "run/netns").iterdir()), 60)

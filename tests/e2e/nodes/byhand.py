"""Runs the promises of a cloud of several controllers one after the other, each with its time; what they all ask."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tests.e2e.cloud import PROJECT
from tests.e2e.nodes.ha import CONTROLLERS, GLANCE, SHARED, HaCloud
from tests.e2e.nodes.machines import Machines
from treadle.images import catalogue

C = TypeVar("C", bound=HaCloud)
TOGETHER = ("Primary", 3, "Synced")


def soon(true: Callable[[], object], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(1)


def whole(cloud: HaCloud) -> bool:
    """Database and message queue have all controllers."""
    return all(cloud.galera(machine) == TOGETHER and cloud.brokers(machine) == set(CONTROLLERS)
               for machine in cloud.controllers)


def gives_tokens(cloud: HaCloud) -> bool:
    return cloud.openstack("token", "issue").code == 0


def memory() -> float:
    """GiB of the machine that are in use."""
    found = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    total, free = (int(found[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    return (total - free) / (1 << 20)


def main(text: str | None, kind: type[C], names: Sequence[str], images: Sequence[str],
         promises: Sequence[Callable[[C], None]], also: Sequence[str] = (), packages: Sequence[str] = ()) -> None:
    """``images`` of the list of images, and ``also`` by their whole names; ``packages`` of Debian in the nodes."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--number", type=int, default=201, help="of the network 172.30.N.0/24 (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="leave the nodes as they are at the end")
    args = parser.parse_args()
    machines = Machines(args.number, names, args.folder.absolute() / "machines", packages=packages)
    known = catalogue.load(PROJECT / "images")
    server = set(names) > set(CONTROLLERS)
    cloud = kind.of(machines, f"ha{args.number}", args.folder.absolute() / "cloud", whole=server)

    def make(cloud: C) -> None:
        machines.make([*map(known.reference, images), *also], shared=SHARED if server else "")
        if server:
            cloud.controllers[0].inside("chown", GLANCE, SHARED)
        cloud.write_files()

    try:
        for promise in (make, *promises):
            began = time.monotonic()
            promise(cloud)
            print(f"{time.monotonic() - began:6.1f} s  {memory():4.1f} GiB  {promise.__name__.replace('_', ' ')}",
                  flush=True)
    finally:
        if not args.keep:
            machines.remove()

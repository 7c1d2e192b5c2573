"""A whole cloud by hand: three controllers and two computes, and servers while a controller dies and comes back.

    python -m tests.e2e.nodes.five FOLDER [--number N] [--keep]

Needs the images of the core and of environments/ha.yaml in the machine's engine, and 9 GiB of memory. It is no test of
every run: docs/ha.md says what it took.
"""

from __future__ import annotations

import json
import os
from typing import Any

from tests.e2e.nodes import byhand
from tests.e2e.nodes.byhand import gives_tokens, soon, whole
from tests.e2e.nodes.cloud import containers
from tests.e2e.nodes.ha import COMPUTES, CONTROLLERS, IMAGES, MORE_IMAGES, HaCloud
from tests.e2e.test_cinder import asked


def rows(cloud: HaCloud, *words: str) -> list[dict[str, Any]]:
    """What a list says, [] where it is not answered."""
    done = cloud.openstack(*words, "-f", "json")
    found: list[dict[str, Any]] = json.loads(done.out) if done.code == 0 else []
    return found


def up(cloud: HaCloud) -> bool:
    """All services of Nova, on the nodes where they belong."""
    wanted = {(f"nova-{name}", f"{node}.localdomain") for name in ("conductor", "scheduler") for node in CONTROLLERS}
    wanted |= {("nova-compute", f"{node}.localdomain") for node in COMPUTES}
    found = {(row["Binary"], row["Host"]) for row in rows(cloud, "compute", "service", "list") if row["State"] == "up"}
    return found == wanted


def boot(cloud: HaCloud, name: str) -> str:
    """A server, ACTIVE; gives the host that it is on."""
    cloud.openstack("server", "create", name, "--flavor", "small", "--image", "image", "--network", "net",
                    "--wait").ok()
    server = asked(cloud, "server", "show", name)
    assert server["status"] == "ACTIVE" and server["addresses"]["net"]
    return str(server["OS-EXT-SRV-ATTR:host"])


def five_nodes_are_one_cloud(cloud: HaCloud) -> None:
    cloud.deploy().ok()
    assert whole(cloud) and cloud.holder() == CONTROLLERS[0] and gives_tokens(cloud)
    soon(lambda: up(cloud))


def a_second_deploy_touches_nothing(cloud: HaCloud) -> None:
    before = [containers(machine) for machine in cloud.machines.machines]
    assert "Nothing to do" in cloud.deploy().ok().out
    assert [containers(machine) for machine in cloud.machines.machines] == before


def an_image_comes_back_as_it_went(cloud: HaCloud) -> None:
    sent, got = cloud.folder / "image", cloud.folder / "image-again"
    sent.write_bytes(os.urandom(4 << 20))
    asked(cloud, "image", "create", "image", "--file", str(sent), "--disk-format", "raw", "--container-format", "bare")
    for _ in cloud.controllers:
        cloud.openstack("image", "save", "--file", str(got), "image").ok()
        assert got.read_bytes() == sent.read_bytes()


def a_server_runs_on_a_compute(cloud: HaCloud) -> None:
    asked(cloud, "network", "create", "net")
    asked(cloud, "subnet", "create", "subnet", "--network", "net", "--subnet-range", "192.0.2.0/24")
    asked(cloud, "flavor", "create", "small", "--ram", "64", "--disk", "1", "--vcpus", "1")
    hosts = {boot(cloud, f"before-{number}") for number in range(2)}
    print(f"  servers on {', '.join(sorted(hosts))}")
    assert hosts <= {f"{node}.localdomain" for node in COMPUTES}


def servers_are_made_when_the_controller_with_the_vip_has_died(cloud: HaCloud) -> None:
    cloud.controllers[0].kill()
    soon(lambda: cloud.holder() == CONTROLLERS[1], 30)
    soon(lambda: gives_tokens(cloud), 120)
    soon(lambda: {row["Name"] for row in rows(cloud, "server", "list")} == {"before-0", "before-1"}, 120)
    host = boot(cloud, "after")
    print(f"  a server on {host}")
    soon(lambda: not cloud.orphans(), 90)


def all_is_whole_when_that_one_is_back(cloud: HaCloud) -> None:
    cloud.controllers[0].start()
    soon(lambda: whole(cloud), 300)
    soon(lambda: cloud.holder() == CONTROLLERS[0] and gives_tokens(cloud), 120)
    soon(lambda: not cloud.orphans(), 90)
    soon(lambda: up(cloud), 120)
    boot(cloud, "whole-again")
    assert "Nothing to do" in cloud.deploy().ok().out


PROMISES = (five_nodes_are_one_cloud, a_second_deploy_touches_nothing, an_image_comes_back_as_it_went,
            a_server_runs_on_a_compute, servers_are_made_when_the_controller_with_the_vip_has_died,
            all_is_whole_when_that_one_is_back)


if __name__ == "__main__":
    byhand.main(__doc__, HaCloud, (*CONTROLLERS, *COMPUTES), (*IMAGES, *MORE_IMAGES), PROMISES)

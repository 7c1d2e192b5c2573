"""Pacemaker by hand: a VIP and HAProxy on three nodes go on when one of them is lost, or updated.

    python -m tests.e2e.nodes.pacemaker FOLDER [--number N] [--keep]

Needs HAProxy's image in the machine's engine, and Debian's packages, for an image of the nodes of its own.
"""

from __future__ import annotations

import time

from tests.e2e.nodes import byhand
from tests.e2e.nodes.byhand import soon
from tests.e2e.nodes.clustered import BUNDLE, PACKAGES, ClusteredCloud, Users, newer, versions
from tests.e2e.nodes.ha import CONTROLLERS
from tests.e2e.nodes.machines import Machine

AUTHKEY = "/etc/corosync/authkey"


def everywhere(cloud: ClusteredCloud) -> bool:
    """The VIP is on one node, and the bundle on each."""
    seen = cloud.resources(cloud.controllers[-1])
    bundles = {where for name, where in seen.items() if name.startswith(BUNDLE)}
    return bool(cloud.holder()) and cloud.holder() == seen.get(f"ip-{cloud.vip}") and bundles == set(CONTROLLERS)


def running(cloud: ClusteredCloud) -> list[str]:
    return [cloud.running(machine) for machine in cloud.controllers]


def of(cloud: ClusteredCloud, name: str) -> Machine:
    return cloud.machines[name]


def three_nodes_are_one_cluster(cloud: ClusteredCloud) -> None:
    cloud.deploy().ok()
    assert everywhere(cloud)
    keys = {machine.inside("stat", "-c", "%a %s", AUTHKEY).strip() for machine in cloud.controllers}
    assert keys == {"400 128"}


def a_second_deploy_touches_nothing(cloud: ClusteredCloud) -> None:
    before, asked = running(cloud), cloud.controllers[0].inside("cibadmin", "--query", "-o", "configuration")
    assert "Nothing to do" in cloud.deploy().ok().out
    assert running(cloud) == before
    assert cloud.controllers[0].inside("cibadmin", "--query", "-o", "configuration") == asked


def a_changed_option_is_reloaded_and_nobody_notices(cloud: ClusteredCloud) -> None:
    before = running(cloud)
    changed = cloud.environment("changed", HAProxyTimeouts={"client": "3m"})
    with Users(cloud) as users:
        cloud.deploy("-e", changed).ok()
        holder = of(cloud, cloud.holder())
        name = holder.inside("docker", "ps", "--filter", f"name={BUNDLE}", "--format", "{{.Names}}").strip()
        assert "timeout client 3m" in " ".join(
            holder.inside("docker", "exec", name, "cat", "/etc/haproxy/haproxy.cfg").split())
    assert running(cloud) == before and users.outage < 1, users.outage


def a_new_image_restarts_the_bundle(cloud: ClusteredCloud) -> None:
    cloud.deploy("-e", newer(cloud, "next", "haproxy", "DockerHAProxyImage")).ok()
    soon(lambda: everywhere(cloud))
    assert versions(cloud) == ["next"] * 3


def haproxy_that_dies_is_started_again(cloud: ClusteredCloud) -> None:
    holder = of(cloud, cloud.holder())
    with Users(cloud) as users:
        holder.inside("pkill", "-KILL", "haproxy")
        time.sleep(5)
    assert cloud.holder() == holder.name and users.outage < 5, users.outage
    print(f"         without an answer: {users.outage:.1f} s", flush=True)


def another_node_has_the_vip_when_its_own_dies(cloud: ClusteredCloud) -> None:
    lost = of(cloud, cloud.holder())
    with Users(cloud) as users:
        lost.kill()
        soon(lambda: cloud.holder() not in ("", lost.name), 30)
        soon(lambda: users.answers[-1][1], 30)
    print(f"         without an answer: {users.outage:.1f} s", flush=True)
    assert users.outage < 30
    with Users(cloud) as users:
        lost.start()
        soon(lambda: everywhere(cloud))
    assert cloud.holder() != lost.name and users.outage < 1, users.outage


def a_rolling_update_moves_the_vip_before_it_touches_a_node(cloud: ClusteredCloud) -> None:
    cloud.prepare("-e", newer(cloud, "after", "haproxy", "DockerHAProxyImage")).ok()
    with Users(cloud) as users:
        cloud.update("run", "--yes").ok()
        soon(lambda: everywhere(cloud))
    print(f"         without an answer: {users.outage:.1f} s", flush=True)
    assert versions(cloud) == ["after"] * 3 and users.outage < 10, users.outage
    cloud.update("converge", "--yes").ok()


def a_deleted_cloud_leaves_no_cluster(cloud: ClusteredCloud) -> None:
    cloud.run("openstack", "overcloud", "delete", "--yes", "--stack", cloud.name).ok()
    for machine in cloud.controllers:
        assert machine.inside("sh", "-c", "pgrep -l 'corosync|pacemaker' || true") == ""
        assert machine.docker("ps", "-q") == "" and machine.inside("sh", "-c", f"ls {AUTHKEY} || true") == ""
    assert cloud.holder() == ""


PROMISES = (three_nodes_are_one_cluster, a_second_deploy_touches_nothing,
            a_changed_option_is_reloaded_and_nobody_notices, a_new_image_restarts_the_bundle,
            haproxy_that_dies_is_started_again, another_node_has_the_vip_when_its_own_dies,
            a_rolling_update_moves_the_vip_before_it_touches_a_node, a_deleted_cloud_leaves_no_cluster)


if __name__ == "__main__":
    byhand.main(__doc__, ClusteredCloud, CONTROLLERS, ["haproxy"], PROMISES, packages=PACKAGES)

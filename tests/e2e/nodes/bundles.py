"""Pacemaker by hand: MariaDB and RabbitMQ as bundles on three nodes, with Keystone on top of them.

    python -m tests.e2e.nodes.bundles FOLDER [--number N] [--keep]

Needs the images of HAProxy, MariaDB, RabbitMQ, memcached and Keystone in the machine's engine, and Debian's packages.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from tests.e2e.nodes import byhand
from tests.e2e.nodes.byhand import gives_tokens, soon, whole
from tests.e2e.nodes.cloud import containers
from tests.e2e.nodes.clustered import BUNDLES, PACKAGES, BundledCloud, newer, versions
from tests.e2e.nodes.ha import CONTROLLERS, IMAGES
from tests.e2e.nodes.pacemaker import a_deleted_cloud_leaves_no_cluster
from tests.e2e.nodes.tokens import Tokens

GALERA = BUNDLES["mysql"]


def everything(cloud: BundledCloud) -> list[object]:
    """All containers of all nodes, be they Pacemaker's or not."""
    return [containers(machine) for machine in cloud.controllers]


def started(cloud: BundledCloud, bundle: str) -> list[str]:
    return [cloud.running(machine, bundle) for machine in cloud.controllers]


def three_nodes_are_one_cloud(cloud: BundledCloud) -> None:
    cloud.deploy().ok()
    assert whole(cloud) and gives_tokens(cloud)
    assert all(all(started(cloud, bundle)) for bundle in BUNDLES.values())


def a_second_deploy_touches_nothing(cloud: BundledCloud) -> None:
    before = everything(cloud)
    assert "Nothing to do" in cloud.deploy().ok().out
    assert everything(cloud) == before


def the_cloud_goes_on_when_the_node_with_the_vip_dies(cloud: BundledCloud) -> None:
    lost = cloud.machines[cloud.holder()]
    others = [machine for machine in cloud.controllers if machine is not lost]
    began = time.monotonic()
    lost.kill()
    soon(lambda: cloud.holder() not in ("", lost.name), 60)
    soon(lambda: gives_tokens(cloud), 60)
    print(f"         tokens again after {time.monotonic() - began:.1f} s", flush=True)
    soon(lambda: [cloud.galera(machine) for machine in others] == [("Primary", 2, "Synced")] * 2)
    soon(lambda: all(cloud.brokers(machine) == {one.name for one in others} for machine in others))


def it_is_whole_again_when_that_one_is_back(cloud: BundledCloud) -> None:
    for machine in cloud.controllers:
        machine.start()
    soon(lambda: whole(cloud) and gives_tokens(cloud))


def a_database_that_somebody_stopped_is_started_again(cloud: BundledCloud) -> None:
    machine = cloud.controllers[-1]
    machine.docker("stop", cloud.running(machine, GALERA).split()[0])
    soon(lambda: whole(cloud))


def another_option_of_the_database_restarts_it_and_no_broker(cloud: BundledCloud) -> None:
    before = {bundle: started(cloud, bundle) for bundle in BUNDLES.values()}
    cloud.deploy("-e", cloud.environment("changed", MysqlMaxConnections=600)).ok()
    assert whole(cloud) and gives_tokens(cloud)
    changed = {bundle for bundle in BUNDLES.values() if started(cloud, bundle) != before[bundle]}
    assert changed == {GALERA}
    asked = [cloud.within(machine, "root", "mysql", "mariadb", "-BNe", "SELECT @@max_connections")
             for machine in cloud.controllers]
    assert asked == ["600\n"] * 3


def another_password_of_the_queues_is_in_force(cloud: BundledCloud) -> None:
    cloud.deploy("-e", cloud.environment("changed", MysqlMaxConnections=600, RabbitPassword="another-one")).ok()
    assert whole(cloud) and gives_tokens(cloud)
    said = [cloud.within(machine, "rabbitmq", "rabbitmq", "rabbitmqctl", "--quiet", "authenticate_user", "guest",
                         "another-one") for machine in cloud.controllers]
    assert all("Success" in one for one in said), said


def a_rolling_update_has_two_databases_at_any_time(cloud: BundledCloud) -> None:
    image = newer(cloud, "after", "mariadb-server", "DockerMysqlImage")
    given = ("-e", str(cloud.folder / "changed.yaml"), "-e", image)
    cloud.prepare(*given).ok()
    sizes: list[int] = []
    with Tokens(cloud, rate=1) as tokens, ThreadPoolExecutor(1) as pool:
        update = pool.submit(cloud.update, "run", "--yes")
        while not update.done():
            sizes.append(max(cloud.galera(machine)[1] for machine in cloud.controllers))
            time.sleep(1)
        update.result().ok()
        soon(lambda: whole(cloud))
    slowest = max(answer.took for answer in tokens.answers)
    print(f"         {len(tokens.answers)} tokens asked for, {len(tokens.failed)} not given, the slowest after "
          f"{slowest:.1f} s: {sorted({one.wrong for one in tokens.failed})}", flush=True)
    assert versions(cloud, GALERA) == ["after"] * 3 and set(sizes) == {2, 3}
    cloud.update("converge", "--yes").ok()
    assert "Nothing to do" in cloud.deploy(*given).ok().out


PROMISES = (three_nodes_are_one_cloud, a_second_deploy_touches_nothing,
            the_cloud_goes_on_when_the_node_with_the_vip_dies, it_is_whole_again_when_that_one_is_back,
            a_database_that_somebody_stopped_is_started_again,
            another_option_of_the_database_restarts_it_and_no_broker, another_password_of_the_queues_is_in_force,
            a_rolling_update_has_two_databases_at_any_time, a_deleted_cloud_leaves_no_cluster)


if __name__ == "__main__":
    byhand.main(__doc__, BundledCloud, CONTROLLERS, [image for image in IMAGES if image != "keepalived"], PROMISES,
                packages=PACKAGES)

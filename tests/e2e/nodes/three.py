"""Three controllers by hand: the VIP, the database and the message queue go on when one of them is lost.

    python -m tests.e2e.nodes.three FOLDER [--number N] [--keep]

Needs the images of the core and of environments/ha.yaml in the machine's engine. It is no test of every run.
"""

from __future__ import annotations

from tests.e2e.nodes import byhand
from tests.e2e.nodes.byhand import gives_tokens, soon, whole
from tests.e2e.nodes.cloud import containers
from tests.e2e.nodes.ha import CONTROLLERS, IMAGES, HaCloud


def three_controllers_are_one_cloud(cloud: HaCloud) -> None:
    cloud.deploy().ok()
    assert whole(cloud) and cloud.holder() == CONTROLLERS[0] and gives_tokens(cloud)


def a_second_deploy_touches_nothing(cloud: HaCloud) -> None:
    before = [containers(machine) for machine in cloud.controllers]
    assert "Nothing to do" in cloud.deploy().ok().out
    assert [containers(machine) for machine in cloud.controllers] == before


def the_cloud_goes_on_when_the_controller_with_the_vip_dies(cloud: HaCloud) -> None:
    lost, *others = cloud.controllers
    lost.kill()
    soon(lambda: cloud.holder() == CONTROLLERS[1], 30)
    soon(lambda: gives_tokens(cloud), 60)
    assert [cloud.galera(machine) for machine in others] == [("Primary", 2, "Synced")] * 2
    soon(lambda: all(cloud.brokers(machine) == set(CONTROLLERS[1:]) for machine in others))


def it_is_whole_again_when_that_one_is_back(cloud: HaCloud) -> None:
    cloud.controllers[0].start()
    soon(lambda: whole(cloud))
    soon(lambda: cloud.holder() == CONTROLLERS[0] and gives_tokens(cloud), 60)


def two_of_three_begin_no_database_after_a_power_cut(cloud: HaCloud) -> None:
    cloud.openstack("project", "create", "kept").ok()
    for machine in cloud.controllers:
        machine.kill()
    for machine in cloud.controllers[1:]:
        machine.start()
    said = "docker logs --tail=1 mysql 2>&1 | grep 'waiting for .*mysql_galera bootstrap'"
    soon(lambda: all(machine.inside("sh", "-c", said, check=False) for machine in cloud.controllers[1:]))
    assert [cloud.galera(machine)[0] for machine in cloud.controllers[1:]] == ["", ""]


def all_three_begin_where_they_were(cloud: HaCloud) -> None:
    cloud.controllers[0].start()
    soon(lambda: whole(cloud))
    soon(lambda: "kept" in cloud.openstack("project", "list", "-f", "value").out, 60)


PROMISES = (three_controllers_are_one_cloud, a_second_deploy_touches_nothing,
            the_cloud_goes_on_when_the_controller_with_the_vip_dies, it_is_whole_again_when_that_one_is_back,
            two_of_three_begin_no_database_after_a_power_cut, all_three_begin_where_they_were)


if __name__ == "__main__":
    byhand.main(__doc__, HaCloud, CONTROLLERS, IMAGES, PROMISES)

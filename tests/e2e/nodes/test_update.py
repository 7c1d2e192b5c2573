"""A rolling update: one node after the other, while the cloud is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.nodes.cloud import containers
from tests.e2e.nodes.engine import docker
from tests.e2e.nodes.machines import Machines
from tests.e2e.nodes.turns import one_at_a_time
from tests.e2e.nodes.updated import NAMES, UpdatedCloud, Users, versions
from tests.e2e.small import IMAGE

REFUSE = "/var/lib/small/web/refuse"


@pytest.fixture(scope="module")
def machines(folder: Path, number: int) -> Iterator[Machines]:
    made_of = versions("one", "two", "broken")
    made = Machines(number, NAMES, folder / "updated-machines")
    try:
        made.make([IMAGE, *made_of])
        yield made
    finally:
        made.remove()
        docker("rmi", *made_of)


@pytest.fixture(scope="module")
def cloud(folder: Path, number: int, machines: Machines) -> UpdatedCloud:
    made = UpdatedCloud(f"updated{number}", folder / "updated", "unix:///nowhere", "", f"172.30.{number}.200", 0,
                        machines=machines)
    made.write_files()
    made.deploy().ok()
    return made


def images(machines: Machines, container: str) -> list[str]:
    """Which version of the image each node's container runs."""
    form = '{{range .Config.Env}}{{println .}}{{end}}'
    said = [machine.inside("docker", "inspect", "--format", form, container, check=False)
            for machine in machines.machines]
    return [line.removeprefix("VERSION=") for text in said for line in text.split() if line.startswith("VERSION=")]


def steps(machines: Machines) -> list[str]:
    return ["".join(machine.inside("sh", "-c", "cat /var/lib/small/web/steps 2>/dev/null; true").split())
            for machine in machines.machines]


def test_nothing_runs_that_was_only_prepared(cloud: UpdatedCloud, machines: Machines) -> None:
    before = [containers(machine) for machine in machines.machines]
    done = cloud.prepare("two").ok()
    assert "is to be rolled out" in done.err and f"openstack overcloud update run --stack {cloud.name}" in done.err
    assert [containers(machine) for machine in machines.machines] == before
    status = cloud.update("status", "-f", "value").ok()
    assert "prepared, 0 of 3 nodes updated" in status.err
    assert [line.split()[:3] for line in status.out.splitlines()] == [
        ["control-0", "Control", "waits"], ["work-0", "Work", "waits"], ["work-1", "Work", "waits"]]


def test_a_failure_stops_all_and_resume_goes_on_while_users_notice_nothing(cloud: UpdatedCloud,
                                                                           machines: Machines) -> None:
    machines["work-0"].inside("touch", REFUSE)
    with Users(machines) as users:
        stopped = cloud.update("run", "--yes")
        between = [containers(machine) for machine in machines.machines]
        assert images(machines, "web") == ["two", "one", "one"]
        machines["work-0"].inside("rm", REFUSE)
        cloud.update("run", "--yes", "--resume").ok()
    assert stopped.code == 1 and "update_tasks (step 5) failed on work-0" in stopped.err
    assert "refuse where told to" in stopped.err and f"update run --resume --stack {cloud.name}" in stopped.err
    assert "control-0: updated" in stopped.out and "work-0: failed: refuse" in stopped.out
    assert "work-1: waits" in stopped.out
    # What was done is not done again, and each step came once, in its order.
    assert containers(machines["control-0"]) == between[0]
    assert steps(machines) == ["0123453", "0123450123453", "0123453"]
    assert images(machines, "web") == ["two"] * 3 and images(machines, "bundle") == ["two"] * 2
    assert users.failed == [] and len(users.answers) > 100
    one_after_the_other(cloud.journal(), users)


def one_after_the_other(journal: list[dict[str, Any]], users: Users) -> None:
    """No two nodes were in work at once, and each node's version changed in its own turn, once."""
    taken = one_at_a_time(journal)
    assert [node for node, _, _ in taken] == ["control-0", "work-0", "work-0", "work-1"]
    for name in NAMES:
        seen = [(when, version) for when, node, version in users.answers if node == name]
        assert [version for _, version in seen] == sorted(version for _, version in seen)
        first = next(when for when, version in seen if version == "two")
        _, begin, end = [turn for turn in taken if turn[0] == name][-1]
        last = max((when for when, version in seen if version == "one"), default=begin)
        assert begin <= first and last <= end


def test_converge_ends_it(cloud: UpdatedCloud) -> None:
    assert "every node" not in cloud.update("status").ok().err
    cloud.update("converge", "--yes").ok()
    assert "converged, 3 of 3" in cloud.update("status").ok().err
    again = cloud.update("run", "--yes")
    assert again.code == 1 and "no update is prepared" in again.err
    assert "Nothing to do" in cloud.deploy(*cloud.values("two", WebImage="treadle-tests/web:two")).ok().out


def test_a_node_that_is_not_well_goes_back_and_no_other_is_touched(cloud: UpdatedCloud, machines: Machines) -> None:
    before = [containers(machine) for machine in machines.machines]
    cloud.prepare("broken").ok()
    done = cloud.update("run", "--yes", "--nodes", "Work", "--rollback")
    assert done.code == 1 and "work-0: went back" in done.out and "work-1: waits" in done.out
    assert images(machines, "web") == ["two"] * 3 and images(machines, "bundle") == ["two"] * 2
    assert [containers(machines[name]) for name in ("control-0", "work-1")] == [before[0], before[2]]
    assert "work-0" in cloud.update("converge", "--yes").err

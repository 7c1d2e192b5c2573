"""The same deploy, over SSH, on nodes that are machines of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.nodes.cloud import RemoteCloud, containers
from tests.e2e.nodes.machines import Machines
from tests.e2e.small import IMAGE, options
from tests.e2e.under_way import under_way

NAMES = ("control-0", "work-0")


@pytest.fixture(scope="module")
def machines(folder: Path, number: int) -> Iterator[Machines]:
    made = Machines(number, NAMES, folder / "machines")
    try:
        made.make([IMAGE])
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def cloud(folder: Path, number: int, machines: Machines) -> RemoteCloud:
    """Not deployed yet."""
    made = RemoteCloud(f"remote{number}", folder / "remote", "unix:///nowhere", "", f"172.30.{number}.200", 0,
                       machines=machines)
    made.write_files()
    return made


def agents(machines: Machines) -> list[str]:
    """What of Treadle was copied to each node, and when."""
    return [machine.inside("sh", "-c", "stat -c '%n %y' /var/lib/treadle/agent/*.pyz 2>/dev/null; true")
            for machine in machines.machines]


@pytest.mark.parametrize(("key", "value", "said"), [
    ("address", "172.30.{}.99", ".99) does not answer"),
    ("ssh", {"key": "stranger", "config": "KEYLESS"}, "refuses the SSH key or user"),
    ("ssh", {"config": "EMPTY"}, "is not known by its host key"),
    ("ssh", {"user": "stack", "config": "CONFIG"}, "the SSH user is not root"),
    ("python", "/usr/bin/python9", "has no Python"),
])
def test_a_node_that_cannot_be_had_is_refused_before_anything_is_touched(
        cloud: RemoteCloud, machines: Machines, key: str, value: object, said: str) -> None:
    before = [containers(machine) for machine in machines.machines]
    stranger, empty = cloud.folder / "stranger", cloud.folder / "empty"
    empty.write_text(f"UserKnownHostsFile {cloud.folder}/none\nIdentityFile {machines.key}\nUser root\n")
    keyless = cloud.folder / "keyless"
    keyless.write_text("".join(line for line in machines.ssh_config.read_text().splitlines(keepends=True)
                               if not line.startswith("IdentityFile")))
    if not stranger.exists():
        cloud.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stranger)).ok()
    if isinstance(value, dict):
        there = {"CONFIG": str(machines.ssh_config), "EMPTY": str(empty), "KEYLESS": str(keyless),
                 "stranger": str(stranger)}
        value = {name: there.get(word, word) for name, word in value.items()}
    else:
        value = str(value).format(machines.number)
    try:
        cloud.write_nodes(work_0={key: value})
        done = cloud.deploy()
    finally:
        cloud.write_nodes()
    assert done.code == 1 and said in done.err and "Traceback" not in done.err
    assert [containers(machine) for machine in machines.machines] == before
    assert not machines["work-0"].inside("sh", "-c", "ls /var/lib/treadle 2>/dev/null; true").strip()
    assert not (cloud.state / cloud.name / "plans.json").exists()


def test_roles_are_deployed_to_their_nodes(cloud: RemoteCloud, machines: Machines) -> None:
    done = cloud.deploy().ok()
    assert set(containers(machines["control-0"])) == {"reader", "cache", "setup"}
    assert set(containers(machines["work-0"])) == {"reloader"}
    assert "running" in containers(machines["work-0"])["reloader"]
    assert machines["control-0"].inside("cat", "/var/lib/small/cache/note") == f"Control of {cloud.name}"
    # Events come while a step runs: those of one step before the next begins.
    at = done.err.index
    assert at("▶ Step 1") < at("control-0: create reader") < at("▶ Step 2") < at("control-0: run setup") < \
        at("▶ Step 3") < at("work-0: create reloader") < at("✓ Step 3")
    for machine in machines.machines:
        path = f"/var/lib/treadle/{cloud.name}/node/log.jsonl"
        copy = cloud.state / cloud.name / "node-logs" / f"{machine.name}.jsonl"
        assert copy.read_text() == machine.inside("cat", path)
        assert any(event["kind"] == "action.end" for event in cloud.log(machine.name))


def test_a_second_deploy_touches_nothing(cloud: RemoteCloud, machines: Machines) -> None:
    before, copied = [containers(machine) for machine in machines.machines], agents(machines)
    assert "Nothing to do" in cloud.deploy().ok().out
    assert [containers(machine) for machine in machines.machines] == before
    assert agents(machines) == copied and all(len(one.split("\n")) == 2 for one in copied)
    assert cloud.run("openstack", "overcloud", "drift", "--stack", cloud.name, "-f", "value").ok().out.strip() == ""


def test_another_user_may_become_root(cloud: RemoteCloud, machines: Machines) -> None:
    config = str(machines.ssh_config)
    cloud.write_nodes(work_0={"ssh": {"user": "stack", "config": config}, "become": True})
    try:
        assert "Nothing to do" in cloud.deploy().ok().out
        assert cloud.check("--skip", "control-0").ok().out.startswith("work-0")
    finally:
        cloud.write_nodes()


def test_a_node_that_dies_in_the_middle_stops_all_and_the_same_command_goes_on(cloud: RemoteCloud,
                                                                               machines: Machines) -> None:
    changed = cloud.values("changed", ReaderOptions=options(listen_backlog="20"), ReloaderOptions=options(
        listen_backlog="20"), ReaderEntry={"stop_grace_period": 30, "healthcheck": {
            "test": "test -e /dev/shm/ready && test -e /var/lib/small/go", "interval": 1, "retries": 3}, "health": {
                "within": 60}})
    with under_way(cloud, "--yes", *changed) as deploy:
        deploy.until(lambda: "▶ Step 1" in deploy.err)
        machines["control-0"].kill()
        done = deploy.ended(90)
    assert done.code == 1 and "control-0 was cut off in the middle of containers" in done.err
    assert "control-0: failed after Propagate configuration" in done.out
    assert "work-0: well; stopped after Propagate configuration" in done.out
    assert "▶ Step 2" not in done.err
    refused = cloud.deploy(*changed)
    assert refused.code == 1 and "does not answer" in refused.err and "▶ Check" not in refused.err
    assert "reloader" in cloud.run("openstack", "overcloud", "service", "list", "--stack", cloud.name, "--node",
                                   "work-0").ok().out
    machines["control-0"].start()
    machines["control-0"].inside("touch", "/var/lib/small/reader/go")
    cloud.deploy(*changed).ok()
    assert "Nothing to do" in cloud.deploy(*changed).ok().out
    assert "backlog = 20" in machines["work-0"].inside("docker", "exec", "reloader", "cat", "/etc/small/reloader.conf")


def resumed(cloud: RemoteCloud) -> None:
    cloud.run("openstack", "overcloud", "deploy", "--stack", cloud.name, "--resume", "--yes").ok()


def states(cloud: RemoteCloud) -> dict[str, str]:
    done = cloud.run("openstack", "overcloud", "node", "list", "--stack", cloud.name, "-f", "json")
    found = {row["Name"]: row["State"] for row in json.loads(done.out)}
    assert done.code == ("does not answer" in found.values())
    return found


def test_a_disk_that_is_full_in_the_middle_stops_all_and_resume_goes_on(cloud: RemoteCloud,
                                                                        machines: Machines) -> None:
    work = machines["work-0"]
    work.inside("sh", "-c", "cd /var/lib && cp -a config-data c && mount -t tmpfs -o size=1m disk config-data && "
                "cp -a c/. config-data && rm -r c; cat /dev/zero >config-data/fill; true")
    changed = cloud.values("full", ReloaderOptions=options(listen_backlog="30"), ReaderOptions=options(
        listen_backlog="30"))
    done = cloud.deploy(*changed)
    assert done.code == 1 and "No space left on device" in done.err and "deploy --stack" in done.err
    assert "work-0: failed after Prepare hosts" in done.out and "control-0: well; stopped after Prep" in done.out
    assert "in part" in states(cloud)["work-0"] or "to do" in states(cloud)["control-0"]
    work.inside("rm", "/var/lib/config-data/fill")
    resumed(cloud)
    assert set(states(cloud).values()) == {"well"} and "Nothing to do" in cloud.deploy(*changed).ok().out
    assert "backlog = 30" in work.inside("docker", "exec", "reloader", "cat", "/etc/small/reloader.conf")


def test_a_node_that_is_cut_off_in_the_middle_stops_all_and_resume_goes_on(cloud: RemoteCloud,
                                                                           machines: Machines) -> None:
    control = machines["control-0"]
    changed = cloud.values("cut", ReloaderOptions=options(listen_backlog="40"), ReaderOptions=options(
        listen_backlog="40"), ReaderEntry={"stop_grace_period": 30, "healthcheck": {
            "test": "test -e /dev/shm/ready && test -e /var/lib/small/on", "interval": 1, "retries": 3}, "health": {
                "within": 90}})
    with under_way(cloud, "--yes", *changed) as deploy:
        deploy.until(lambda: "▶ Step 1" in deploy.err)
        control.cut()
        done = deploy.ended(90)
    assert done.code == 1 and "control-0 was cut off in the middle of containers" in done.err
    assert "work-0: well; stopped after Propagate configuration" in done.out and "▶ Step 2" not in done.err
    assert states(cloud)["control-0"] == "does not answer"
    control.join()
    control.inside("touch", "/var/lib/small/reader/on")
    resumed(cloud)
    assert set(states(cloud).values()) == {"well"} and "Nothing to do" in cloud.deploy(*changed).ok().out
    assert "backlog = 40" in machines["work-0"].inside("docker", "exec", "reloader", "cat", "/etc/small/reloader.conf")


def test_work_is_kept_away_from_a_node_by_all_that_send_it(cloud: RemoteCloud, machines: Machines) -> None:
    there = ("docker", "exec", "cache", "ls", "/dev/shm")
    for verb, found in (("drain", ["without-work-0"]), ("undrain", [])):
        cloud.run("openstack", "overcloud", "node", verb, "work-0", "--stack", cloud.name).ok()
        assert machines["control-0"].inside(*there).split() == found
        assert ("drained" in states(cloud)["work-0"]) == (verb == "drain")


def test_delete_leaves_nothing(cloud: RemoteCloud, machines: Machines) -> None:
    cloud.run("openstack", "overcloud", "delete", "--stack", cloud.name, "--yes").ok()
    for machine in machines.machines:
        assert containers(machine) == {}
        assert machine.inside("ls", "/var/lib/treadle").split() == ["agent"]
        assert not machine.inside("sh", "-c", "find /var/lib/config-data /var/lib/kolla -type f; ls -d /var/lib/small "
                                  "2>/dev/null || true")

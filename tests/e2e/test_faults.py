"""Whatever goes wrong around a deploy: it says what and which command is next, what ran is not lost, nothing is
skipped, and the same command again ends right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cloud import Done
from tests.e2e.engine import PrivateEngine
from tests.e2e.small import IMAGE, Service, SmallCloud, inspected, lives
from tests.e2e.under_way import asked, under_way

#: Two side by side, one after them that a test can hold up, a one-shot, and one in a later step.
SERVICES = (
    Service("keeper", config="mounted"),
    Service("beside", config="none"),
    Service("gate", config="none", entry={
        "start_order": 1, "health": {"command": "test ! -e /var/lib/small/shut", "within": 60, "timeout": 5}}),
    Service("sync", 2, config="mounted", program="once", entry={"detach": False}),
    Service("tail", 3, config="none"),
)
CHANGED = {"environment": ["CHANGED=yes"]}
#: A one-shot that works until it is let go.
HELD = {"command": ["/bin/sh", "-c", "cd /var/lib/small; echo begun >> log; while [ -e shut ]; do sleep 0.1; done; "
                    "echo ended >> log"]}


@pytest.fixture(scope="module")
def made(folder: Path, light_engine: PrivateEngine, number: int) -> Iterator[SmallCloud]:
    cloud = SmallCloud.on(number, "faults", folder / "faults", light_engine.url)
    cloud.services = SERVICES
    cloud.write_files()
    cloud.deploy().ok()
    yield cloud
    cloud.run("openstack", "overcloud", "delete", "--stack", cloud.name, "--yes").ok()


@pytest.fixture
def cloud(made: SmallCloud, light_engine: PrivateEngine) -> Iterator[SmallCloud]:
    """After each fault the plain deploy brings everything back, and does not touch what was as it should be."""
    yield made
    for service in SERVICES:
        (made.data(service.name) / "shut").unlink(missing_ok=True)
    made.deploy().ok()
    assert states(light_engine, made) == {"keeper": "running", "beside": "running", "gate": "running",
                                          "sync": "exited", "tail": "running"}


def states(engine: PrivateEngine, cloud: SmallCloud) -> dict[str, str]:
    return {name: str(c["State"]["Status"]) for name, c in inspected(engine, cloud).items()}


def failed(done: Done, *words: str) -> None:
    """It failed with a message that has all of ``words``, and says what to do next."""
    assert done.code == 1, done.text
    assert "Traceback" not in done.text and "error: " in done.err, done.text
    error = done.err.rpartition("error: ")[2]
    for word in words:
        assert word in error, (word, done.text)
    assert any(next_one in error for next_one in (
        "same deploy", "same command", "docker rename", "image build", "systemctl start docker",
        "correct the template")), error


def shut(cloud: SmallCloud, service: str) -> Path:
    """Hold ``service`` up; unlink what this gives to let it go."""
    mark = cloud.data(service) / "shut"
    mark.touch()
    return mark


# The engine

def held_at_the_gate(engine: PrivateEngine, cloud: SmallCloud) -> Callable[[], bool]:
    """Whether a replacement of ``gate`` runs, and is waited for."""
    before = inspected(engine, cloud)["gate"]["Id"]

    def held() -> bool:
        now = inspected(engine, cloud).get("gate", {})
        return bool(now) and now["Id"] != before and now["State"]["Running"]
    return held


def test_an_engine_that_is_restarted_in_the_middle_of_a_deploy(cloud: SmallCloud, light_engine: PrivateEngine) -> None:
    changed = cloud.values("changed", GateEntry=CHANGED, TailEntry=CHANGED)
    mark, tail = shut(cloud, "gate"), inspected(light_engine, cloud)["tail"]["Id"]
    with under_way(cloud, "--yes", *changed) as deploy:
        deploy.until(held_at_the_gate(light_engine, cloud))
        light_engine.stop()
        light_engine.start()
        failed(deploy.ended(), "gate")
    assert inspected(light_engine, cloud)["tail"]["Id"] == tail, "a later step was begun"
    mark.unlink()
    cloud.deploy(*changed).ok()
    assert set(states(light_engine, cloud)) == {service.name for service in SERVICES}
    assert environments(light_engine, cloud, "gate", "tail") == [True, True]


def environments(engine: PrivateEngine, cloud: SmallCloud, *names: str) -> list[bool]:
    """Of each container, whether it has what ``CHANGED`` gives it."""
    found = inspected(engine, cloud)
    return ["CHANGED=yes" in found[name]["Config"]["Env"] for name in names]


def test_an_engine_that_goes_in_the_middle_and_is_not_there_at_the_start(
        cloud: SmallCloud, light_engine: PrivateEngine) -> None:
    changed = cloud.values("changed", GateEntry=CHANGED)
    mark = shut(cloud, "gate")
    with under_way(cloud, "--yes", *changed) as deploy:
        deploy.until(held_at_the_gate(light_engine, cloud))
        light_engine.stop()
        try:
            failed(deploy.ended(), "gate", "same deploy again")
            failed(cloud.deploy(*changed), "no container engine answers", light_engine.url)
        finally:
            light_engine.start()
    mark.unlink()
    cloud.deploy(*changed).ok()
    assert environments(light_engine, cloud, "gate") == [True]


def test_an_engine_that_is_killed_while_a_one_shot_runs(cloud: SmallCloud, light_engine: PrivateEngine) -> None:
    """Its work was cut short, so the next deploy has it done again, to its end."""
    held = cloud.values("held", SyncEntry=HELD)
    mark, log = shut(cloud, "sync"), cloud.data("sync") / "log"
    with under_way(cloud, "--yes", *held) as deploy:
        deploy.until(log.exists)
        light_engine.kill()
        try:
            failed(deploy.ended(), "sync")
        finally:
            light_engine.start()
    assert log.read_text().split() == ["begun"]
    mark.unlink()
    cloud.deploy(*held).ok()
    assert log.read_text().split() == ["begun", "begun", "ended"]
    cloud.deploy(*held).ok()
    assert log.read_text().split() == ["begun", "begun", "ended"]


# Images, names, paths

def test_bad_image_leaves_the_old_container_running(cloud: SmallCloud, light_engine: PrivateEngine) -> None:
    before = lives(light_engine, cloud)
    with image(light_engine, "bad", 'ENTRYPOINT ["/bin/sh", "-c", "echo broken image >&2; exit 7"]') as bad:
        done = cloud.deploy(*cloud.values("bad", KeeperImage=bad, GateEntry=CHANGED, TailEntry=CHANGED))
    failed(done, "step_1.keeper", "ended with 7", "| broken image", "runs again", "same deploy again")
    after = lives(light_engine, cloud)
    assert after.pop("keeper")[0] == before.pop("keeper")[0] and after == before
    assert states(light_engine, cloud)["keeper"] == "running"
    assert cloud.planned() == {}


@contextmanager
def image(engine: PrivateEngine, tag: str, change: str) -> Iterator[str]:
    """An image of the test's own, from that of the services."""
    name = f"faults:{tag}"
    container = engine.docker("create", IMAGE).stdout.strip()
    engine.docker("commit", "--change", change, container, name)
    engine.docker("rm", container)
    try:
        yield name
    finally:
        engine.docker("rmi", "-f", name, check=False)


def test_a_missing_image_is_refused_before_anything_is_changed(cloud: SmallCloud, light_engine: PrivateEngine) -> None:
    before = lives(light_engine, cloud)
    done = cloud.deploy(*cloud.values("none", TailImage="faults:none", KeeperEntry=CHANGED))
    failed(done, "faults:none", "overcloud image build")
    assert lives(light_engine, cloud) == before


def test_an_image_that_goes_between_plan_and_step(cloud: SmallCloud, light_engine: PrivateEngine) -> None:
    before = lives(light_engine, cloud)
    with image(light_engine, "gone", "ENV NEW=image") as gone:
        words = cloud.values("gone", KeeperImage=gone)
        done = asked(cloud, lambda: light_engine.docker("rmi", gone), *words)
        failed(done, gone, "overcloud image build")
        assert lives(light_engine, cloud) == before
    with image(light_engine, "gone", "ENV NEW=image"):
        cloud.deploy(*words).ok()
        assert "NEW=image" in inspected(light_engine, cloud)["keeper"]["Config"]["Env"]
        cloud.deploy().ok()


@pytest.mark.parametrize("between", [False, True], ids=["before", "between plan and step"])
def test_a_strangers_container_of_a_wanted_name_is_left_alone(
        cloud: SmallCloud, light_engine: PrivateEngine, between: bool) -> None:
    name = f"{cloud.name}-tail"
    light_engine.docker("rm", "-f", name)
    before = lives(light_engine, cloud)

    def come() -> None:
        light_engine.docker("run", "-d", "--init", "--net", "none", "--name", name, IMAGE, "sleep", "600")

    try:
        if between:
            done = asked(cloud, come)
        else:
            come()
            done = cloud.deploy()
        failed(done, name, "docker rename", "not this stack's")
        assert lives(light_engine, cloud) == before
        assert light_engine.docker("inspect", "--format", "{{.State.Running}}", name).stdout.strip() == "true"
        light_engine.docker("rename", name, "stranger")
        cloud.deploy().ok()
        assert states(light_engine, cloud)["tail"] == "running"
    finally:
        light_engine.docker("rm", "-f", "stranger", name, check=False)


@pytest.mark.parametrize("between", [False, True], ids=["before", "between plan and step"])
def test_a_missing_host_path_is_an_error_and_no_skipped_container(
        cloud: SmallCloud, light_engine: PrivateEngine, between: bool) -> None:
    before = lives(light_engine, cloud)
    place = cloud.folder / "mounted"
    volumes = [*SERVICES[4].container()["volumes"], f"{place}:/mnt"]
    words = cloud.values("mount", TailEntry={"volumes": volumes})
    if between:
        place.mkdir()
        done = asked(cloud, place.rmdir, *words)
    else:
        done = cloud.deploy(*words)
    failed(done, f"no {place}", "tail.volumes" if not between else "step_3.tail.volumes", "host_prep_tasks")
    assert lives(light_engine, cloud) == before
    place.mkdir()
    cloud.deploy(*words).ok()
    assert f"{place}:/mnt" in inspected(light_engine, cloud)["tail"]["HostConfig"]["Binds"]
    place.rmdir()


# Containers that do not become well

HANGS = {"within": 2, "timeout": 1}


def test_a_replacement_whose_check_hangs_gives_its_place_back(cloud: SmallCloud, light_engine: PrivateEngine) -> None:
    before = lives(light_engine, cloud)
    entry = {**CHANGED, "health": {"command": ["/bin/sh", "-c", "echo waiting; sleep 1234"], **HANGS}}
    done = cloud.deploy(*cloud.values("hangs", KeeperEntry=entry, TailEntry=CHANGED))
    failed(done, "step_1.keeper", "did not become healthy within 2 s", "| waiting", "ended after 1 s", "runs again",
           "same deploy again")
    after = lives(light_engine, cloud)
    assert after.pop("keeper")[0] == before.pop("keeper")[0] and after == before
    assert states(light_engine, cloud)["keeper"] == "running"


def test_a_new_container_whose_check_hangs_fails_its_step(cloud: SmallCloud, light_engine: PrivateEngine) -> None:
    light_engine.docker("rm", "-f", f"{cloud.name}-gate", f"{cloud.name}-tail")
    entry = {"health": HANGS, "healthcheck": {"test": "sleep 1234", "interval": 1000}}  # the engine's own comes later
    done = cloud.deploy(*cloud.values("hangs", GateEntry=entry))
    failed(done, "step_1.gate", "did not become healthy within 2 s", "ended after 1 s", "same deploy")
    assert states(light_engine, cloud)["gate"] == "running"
    assert "tail" not in states(light_engine, cloud)
    assert "sleep 1234" not in light_engine.docker("top", f"{cloud.name}-gate", "-o", "pid,args").stdout


def test_a_failed_container_stops_its_step(cloud: SmallCloud, light_engine: PrivateEngine) -> None:
    """What stands beside it comes up; nothing of a later start_order or step is begun."""
    light_engine.docker("rm", "-f", *(f"{cloud.name}-{service.name}" for service in SERVICES))
    ran = cloud.ran("sync")
    entry: dict[str, Any] = {"command": ["/bin/sh", "-c", "echo no database >&2; exit 3"], "restart": "no",
                             "health": {"command": "false", "within": 20}}
    words = cloud.values("fails", KeeperEntry=entry)
    for _ in range(2):
        failed(cloud.deploy(*words), "step_1.keeper", "ended with 3", "| no database", "same deploy")
        assert states(light_engine, cloud) == {"keeper": "exited", "beside": "running"}
        assert cloud.ran("sync") == ran
    beside = lives(light_engine, cloud)["beside"]
    cloud.deploy().ok()
    assert cloud.ran("sync") == ran + 1
    assert lives(light_engine, cloud)["beside"] == beside

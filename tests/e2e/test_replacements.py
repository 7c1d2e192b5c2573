"""A container that takes another's place, or runs to its end, on a real engine: whatever goes wrong, what ran is not
lost, and a run that is killed at any moment is put right by the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.direct import SERVE, DirectNode, in_background, service
from tests.e2e.engine import PrivateEngine
from tests.e2e.small import IMAGE
from treadle.engine import Engine
from treadle.errors import EngineError, StepFailed, TreadleError
from treadle.inside import TIMED_OUT
from treadle.instantiate.replace import NEW, OLD

ONCE = {"detach": False}


@pytest.fixture
def node(light_engine: PrivateEngine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[DirectNode]:
    made = DirectNode(light_engine, tmp_path, f"n{abs(hash(request.node.name)) % 10 ** 8}")
    yield made
    made.remove()


# A replacement

def test_a_good_replacement_takes_the_place(node: DirectNode) -> None:
    assert node.deploy(a=service(user="root")) == ["create a"]
    before = node.id("a")
    assert node.deploy(a=service(hostname="new")) == ["recreate a"]
    assert node.states() == {"a": "running"} and node.id("a") != before
    assert node.deploy(a=service(hostname="new")) == []


BAD = {
    "it ends at once": (service("echo broken config >&2; exit 3"), ["ended with 3", "| broken config"]),
    "it ends again and again": (service("echo again; exit 1", restart="always"), ["does not stay up", "| again"]),
    "its command is not there": (service() | {"command": ["/no/such/program"]}, ["/no/such/program"]),
    "the engine cannot start it": (service(user="no-such-user"), ["cannot start a", "no-such-user"]),
    "its check fails": (service(healthcheck={"test": "echo still sick; false"}, health={"within": 1}),
                        ["did not become healthy within 1 s", "| still sick"]),
    "its check hangs": (service(health={"command": "sleep 1000", "within": 1, "timeout": 1}),
                        ["did not become healthy within 1 s", "ended after 1 s"]),
    "its check is not there": (service(health={"command": "no-such-check", "within": 1}), ["no-such-check"]),
    "it is well, but does not stay up": (
        service("sleep 1; exit 5", health={"command": "true", "stay_up": 3}), ["does not stay up", "ended with 5"]),
}


@pytest.mark.parametrize(("entry", "expected"), BAD.values(), ids=BAD.keys())
def test_a_bad_replacement_leaves_the_old_container_running(
        node: DirectNode, entry: dict[str, Any], expected: list[str]) -> None:
    node.deploy(a=service("echo old; " + SERVE))
    before = node.id("a")
    with pytest.raises(StepFailed, match="runs again") as caught:
        node.deploy(a=entry)
    for word in ["step_1.a", "same deploy again", *expected]:
        assert word in str(caught.value), (word, str(caught.value))
    assert (node.states(), node.id("a")) == ({"a": "running"}, before)
    assert node.deploy(a=service("echo old; " + SERVE)) == []


def test_a_specification_that_the_engine_refuses_costs_nothing(node: DirectNode) -> None:
    node.deploy(a=service())
    before = node.inspect("a")
    with pytest.raises(EngineError, match=r"step_1\.a"):
        node.deploy(a=service(mem_limit="1m"))
    after = node.inspect("a")
    assert (after["Id"], after["State"]["StartedAt"]) == (before["Id"], before["State"]["StartedAt"])
    assert node.states() == {"a": "running"}


def test_what_was_stopped_stays_stopped_when_its_replacement_is_bad(node: DirectNode) -> None:
    node.deploy(a=service())
    node.docker("stop", f"{node.name}-a")
    with pytest.raises(StepFailed, match="is back"):
        node.deploy(a=service("exit 1"))
    assert node.states() == {"a": "exited"}


def test_an_image_that_goes_between_plan_and_step_leaves_what_runs(node: DirectNode) -> None:
    node.docker("tag", IMAGE, f"{node.name}:1")
    node.deploy(a=service())
    executor = node.executor({"a": service() | {"image": f"{node.name}:1"}})
    todo = node.planned(executor)
    assert [action.kind for action in todo] == []  # another name of the same image
    executor = node.executor({"a": service(hostname="new") | {"image": f"{node.name}:1"}})
    todo = node.planned(executor)
    node.docker("rmi", f"{node.name}:1")
    with pytest.raises(EngineError, match="No such image") as caught:
        executor.apply(todo)
    assert "overcloud image build" in str(caught.value)
    assert node.states() == {"a": "running"}


def test_a_host_path_that_is_missing_is_an_error(node: DirectNode) -> None:
    with pytest.raises(EngineError, match=r"the host has no .*/not/there") as caught:
        node.deploy(a=service(volumes=["/not/there:/mnt"]), b=service())
    assert "volumes" in str(caught.value) and "host_prep_tasks" in str(caught.value)
    assert node.states() == {}


def test_a_strangers_container_of_that_name_is_left_alone(node: DirectNode) -> None:
    executor = node.executor({"a": service()})
    todo = node.planned(executor)
    node.docker("run", "-d", "--net", "none", "--name", f"{node.name}-a", IMAGE, "sleep", "100")
    with pytest.raises(EngineError, match="another container has that name") as caught:
        executor.apply(todo)
    assert "docker rename" in str(caught.value) and node.states() == {}
    assert node.inspect("a")["State"]["Running"]


# A run that is killed in the middle of one

def cut(node: DirectNode, at: int, old: str, entry: dict[str, Any]) -> None:
    """What the ``at`` first of a replacement's calls leave."""
    executor = node.executor({"a": entry})
    desired = node.desired(executor)["a"]
    engine, name = executor.engine, f"{node.name}-a"
    new = executor.replacer.beside(desired)
    calls: list[Callable[[], None]] = [
        lambda: engine.rename(old, name + OLD), lambda: engine.rename(new, name), lambda: engine.stop(old),
        lambda: engine.start(new), lambda: engine.remove(old)]
    for call in calls[:at]:
        call()


@pytest.mark.parametrize("at", range(6))
def test_a_replacement_that_was_cut_short_is_settled(node: DirectNode, at: int) -> None:
    """Before the new one runs the old one comes back, running; after that the new one stays."""
    node.deploy(a=service())
    old = node.id("a")
    cut(node, at, old, service(hostname="new"))
    executor = node.executor({"a": service()})
    assert list(executor.observe()) == ["a"]
    executor.sweep()
    assert node.states() == {"a": "running"}
    assert (node.id("a") == old) is (at < 4)
    assert node.deploy(a=service(hostname="new")) == (["recreate a"] if at < 4 else [])


@pytest.mark.parametrize("entry", [
    service("exit 1"), service(healthcheck={"test": "false"}),
    service(health={"command": "sleep 100", "timeout": 1})], ids=["ended", "sick", "hung"])
def test_a_bad_replacement_that_was_cut_short_gives_its_place_back(node: DirectNode, entry: dict[str, Any]) -> None:
    node.deploy(a=service())
    old = node.id("a")
    cut(node, 4, old, entry)
    node.executor({"a": entry}).sweep()
    assert (node.states(), node.id("a")) == ({"a": "running"}, old)
    assert "action.end" in node.heard.kinds() and "restore a" in [event.text for event in node.heard]


def test_a_rollback_that_was_cut_short_is_settled(node: DirectNode) -> None:
    node.deploy(a=service())
    old = node.id("a")
    node.docker("rename", f"{node.name}-a", f"{node.name}-a{OLD}")
    node.docker("stop", f"{node.name}-a{OLD}")
    assert node.states() == {f"a{OLD}": "exited"}
    node.executor({}).sweep()
    assert (node.states(), node.id("a")) == ({"a": "running"}, old)


def test_a_replacement_that_was_never_started_goes(node: DirectNode) -> None:
    executor = node.executor({"a": service()})
    executor.replacer.beside(node.desired(executor)["a"])
    assert node.states() == {f"a{NEW}": "created"}
    assert node.deploy(a=service()) == ["create a"]
    assert node.states() == {"a": "running"}


# One-shots

def once(script: str, tmp: Path, **entry: Any) -> dict[str, Any]:
    """A one-shot that notes its begin and its end in a file."""
    return service(f"echo begun >> /data/log; {script}; echo ended >> /data/log",
                   **ONCE, volumes=[f"{tmp}:/data"], **entry)


def log(folder: Path) -> list[str]:
    return (folder / "log").read_text().split()


@pytest.mark.parametrize("more", [{}, {"remove": True}], ids=["kept", "removed"])
def test_a_one_shot_under_way_is_awaited_and_its_result_taken(node: DirectNode, more: dict[str, Any]) -> None:
    entry = once("sleep 2", node.folder, **more)
    begun_and_left(node, entry)
    assert node.deploy(a=entry) == ["await a"]
    assert log(node.folder) == ["begun", "ended"]
    assert node.states() == ({} if more else {"a": "exited"}) and (not more or node.runs["a"].exit_code == 0)
    assert node.deploy(a=entry) == []


def begun_and_left(node: DirectNode, entry: dict[str, Any]) -> None:
    """As a deploy leaves it that is killed while the one-shot runs."""
    executor = node.executor({"a": entry})
    executor.context.start(executor.replacer.create(node.desired(executor)["a"]), "a")
    until = time.monotonic() + 10
    while not (node.folder / "log").exists():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_one_shot_under_way_that_is_wanted_otherwise_ends_before_it_runs_anew(node: DirectNode) -> None:
    begun_and_left(node, once("sleep 2", node.folder))
    assert node.deploy(a=once("true", node.folder)) == ["run a"]
    assert log(node.folder) == ["begun", "ended", "begun", "ended"]


def test_a_one_shot_under_way_that_nobody_wants_ends_before_it_goes(node: DirectNode) -> None:
    begun_and_left(node, once("sleep 2", node.folder))
    assert node.deploy() == ["remove a"]
    assert log(node.folder) == ["begun", "ended"] and node.states() == {}


def test_a_paused_one_shot_goes_on(node: DirectNode) -> None:
    entry = once("sleep 1", node.folder)
    begun_and_left(node, entry)
    node.docker("pause", f"{node.name}-a")
    assert node.deploy(a=entry) == ["await a"]
    assert log(node.folder) == ["begun", "ended"]


def test_the_result_of_an_awaited_one_shot_counts(node: DirectNode) -> None:
    entry = once("sleep 1; echo no such database >&2; exit 4", node.folder)
    begun_and_left(node, entry)
    with pytest.raises(StepFailed, match="ended with 4, expected 0") as caught:
        node.deploy(a=entry)
    assert "| no such database" in str(caught.value)
    with pytest.raises(StepFailed, match="ended with 4"):
        node.deploy(a=entry)
    assert log(node.folder) == ["begun", "begun"]


def test_a_one_shot_beyond_its_limit_is_left_running(node: DirectNode) -> None:
    node.limits["one_shot_limit"] = 1.0
    entry = once("sleep 4", node.folder)
    with pytest.raises(StepFailed, match="did not end within 1 s; it was left running") as caught:
        node.deploy(a=entry)
    assert f"docker stop {node.name}-a" in str(caught.value)
    node.limits["one_shot_limit"] = 60.0
    assert node.deploy(a=entry) == ["await a"]
    assert log(node.folder) == ["begun", "ended"]


def test_a_running_service_that_becomes_a_one_shot_is_stopped_for_it(node: DirectNode) -> None:
    node.deploy(a=service())
    assert node.deploy(a=service("true", **ONCE)) == ["run a"]
    assert node.states() == {"a": "exited"}


def test_an_exec_that_hangs_is_ended_with_all_that_it_started(node: DirectNode) -> None:
    node.limits["one_shot_limit"] = 1.0
    node.deploy(a=service())
    hang = {"action": "exec", "command": ["a", "/bin/sh", "-c", "echo waiting; sleep 4321 & sleep 4321; true"]}
    with pytest.raises(StepFailed, match=f"b ended with {TIMED_OUT}") as caught:
        node.deploy(a=service(), b=hang)
    assert "| waiting" in str(caught.value) and "ended after 1 s" in str(caught.value)
    assert "sleep 4321" not in node.docker("top", f"{node.name}-a")
    assert node.states() == {"a": "running"}


@pytest.mark.parametrize(("script", "limit", "code", "output"), [
    ("echo out; sleep 0.3; echo err >&2; exit 7", 5.0, 7, "out\nerr\n"),
    ("exec >&- 2>&-; sleep 1; exit 3", 5.0, 3, ""),
    ("sleep 100", 0.5, TIMED_OUT, "(ended after 0.5 s)"),
    ("exec >&- 2>&-; sleep 100", 0.5, TIMED_OUT, "(ended after 0.5 s)"),
    ("i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done", None, 0, "line-19999\n"),
])
def test_a_command_in_a_container(node: DirectNode, script: str, limit: float | None, code: int, output: str) -> None:
    node.deploy(a=service())
    found, said = Engine(node.private.url).execute(f"{node.name}-a", ["/bin/sh", "-c", script], limit=limit)
    assert found == code and said.endswith(output)
    assert len(said) < 1000 or said.count("\n") == 20000


# At once

def test_containers_of_one_start_order_come_up_at_once_and_orders_one_after_the_other(node: DirectNode) -> None:
    slow = {"command": "test -e /data/ready", "within": 20}
    first = {f"a{n}": service(f"sleep 2; touch /data/ready; {SERVE}", health=slow, volumes=[f"{node.folder}:/data"])
             for n in range(8)}
    begun = time.monotonic()
    node.deploy(**first, b=service("test -e /data/ready || exit 1; " + SERVE, start_order=1,
                                   volumes=[f"{node.folder}:/data"]))
    assert time.monotonic() - begun < 8 * 2
    times = {e.subject: e.time for e in node.heard if e.kind == "action.begin"}
    ends = [e.time for e in node.heard if e.kind == "action.end" and e.subject != "b"]
    assert max(time for name, time in times.items() if name != "b") < min(ends) and times["b"] >= max(ends)
    assert set(node.states().values()) == {"running"}


def test_what_needs_another_of_its_start_order_comes_after_it(node: DirectNode) -> None:
    done = node.deploy(z=service(), a=service() | {"net": "container:z"},
                       c={"action": "exec", "command": ["z", "true"]})
    assert sorted(done) == ["create a", "create z", "exec c"]
    assert node.deploy(z=service(), a=service() | {"net": "container:z"},
                       c={"action": "exec", "command": ["z", "true"]}) == []


def test_every_failure_is_named_what_is_in_flight_ends_and_nothing_later_begins(node: DirectNode) -> None:
    good = service("sleep 2; touch /data/well; " + SERVE, volumes=[f"{node.folder}:/data"],
                   health={"command": "test -e /data/well", "within": 20})
    ends = service("sleep 0.2; exit 9", health={"command": "false"})
    with pytest.raises(StepFailed, match="2 containers failed") as caught:
        node.deploy(a=service(health={"command": "false", "within": 1}), b=good, c=ends, d=service(start_order=1))
    assert "a did not become healthy" in str(caught.value) and "ended with 9" in str(caught.value)
    assert node.states() == {"a": "running", "b": "running", "c": "exited"}
    assert (node.folder / "well").exists()
    ended = {event.subject: event.kind for event in node.heard}
    assert ended == {"a": "action.fail", "b": "action.end", "c": "action.fail"}


# The engine itself

def test_an_engine_that_goes_away_in_the_middle_is_told_and_the_next_run_goes_on(node: DirectNode) -> None:
    slow = service(f"sleep 3; touch /data/$HOSTNAME; {SERVE}", volumes=[f"{node.folder}:/data"],
                   hostname="slow", health={"command": "test -e /data/slow", "within": 60})
    caught: list[TreadleError] = []

    def deploy() -> None:
        try:
            node.deploy(a=slow)
        except TreadleError as error:
            caught.append(error)

    [running] = in_background(deploy)
    wait_for(lambda: "a" in node.states())
    node.private.stop()
    running.join(60)
    assert not running.is_alive()
    with pytest.raises(EngineError, match=r"no container engine answers|does not answer") as at_start:
        node.deploy(a=slow)
    node.private.start()
    for error in [*caught, at_start.value]:
        assert any(word in str(error) for word in ("same command again", "systemctl start docker", "same deploy"))
    assert caught
    assert node.deploy(a=slow) == ["start a"]
    assert node.states() == {"a": "running"}


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_fifty_containers_are_created_about_as_fast_as_the_engine_allows(node: DirectNode) -> None:
    """Against the same calls to the same engine from as many threads, nothing else done."""
    from concurrent.futures import ThreadPoolExecutor

    import docker

    local = threading.local()

    def bare(number: int) -> None:
        if not hasattr(local, "api"):
            local.api = docker.APIClient(base_url=node.private.url)
        made = local.api.create_container_from_config(
            {"Image": IMAGE, "Cmd": ["/bin/sh", "-c", SERVE], "HostConfig": {"NetworkMode": "none"}},
            f"{node.name}-bare{number}")
        local.api.start(made["Id"])

    begun = time.monotonic()
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(bare, range(50)))
    alone = time.monotonic() - begun
    node.remove()
    begun = time.monotonic()
    node.deploy(**{f"c{number}": service() for number in range(50)})
    assert time.monotonic() - begun < 1.5 * alone
    assert list(node.states().values()) == ["running"] * 50

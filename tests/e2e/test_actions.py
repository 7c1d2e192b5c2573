"""Each line of the design's action table on real containers: ``--check`` predicts the action with its reason, the
deploy does it and touches nothing else, and a second deploy does nothing."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.cloud import Done
from tests.e2e.engine import PrivateEngine
from tests.e2e.small import IMAGE, LONG_RUNNING, SmallCloud, inspected, lives, options

#: What changes of a container with each action: (its id, its process). One-shots of no container change nothing.
CHANGES = {"create": (True, True), "recreate": (True, True), "run": (True, True), "remove": (True, True),
           "restart": (False, True), "start": (False, True), "reload": (False, False), "exec": (False, False)}


@dataclass
class Operator:
    """Changes the cloud by parameters, one after the other, and compares what was said with what was done."""

    cloud: SmallCloud
    engine: PrivateEngine
    parameters: dict[str, Any] = field(default_factory=dict)
    unsettled: bool = False

    def words(self) -> list[str]:
        return self.cloud.values("changed", **self.parameters)

    def checked(self) -> dict[str, tuple[str, str]]:
        """``{container: (action, reasons)}`` that ``--check`` predicts; it touches nothing."""
        before = lives(self.engine, self.cloud)
        done = self.cloud.check("--format", "json", *self.words())
        assert done.code in (0, 2), done.text
        assert lives(self.engine, self.cloud) == before, "--check touched something"
        [node] = json.loads(done.out)
        found = {a["container"]: (a["action"], "; ".join(a["reasons"])) for a in node["actions"]}
        assert done.code == (2 if found or node["configuration"] else 0)
        return found

    def expect(self, planned: Mapping[str, tuple[str, str]], **parameters: Any) -> Done:
        """Set ``parameters``: ``planned`` ({container: (action, a part of its reasons)}) is announced and done."""
        self.parameters.update(parameters)
        said = self.checked()
        assert {name: action for name, (action, _) in said.items()} == {
            name: action for name, (action, _) in planned.items()}
        for name, (_, part) in planned.items():
            assert part in said[name][1], (name, said[name])
        before = lives(self.engine, self.cloud)
        done = self.cloud.deploy(*self.words()).ok()
        self.require(before, {name: action for name, (action, _) in planned.items()})
        for name, (action, reasons) in said.items():
            assert f"{action} {name}" in done.out and all(part in done.out for part in reasons.split("; ")), done.out
        self.settled()
        return done

    def require(self, before: Mapping[str, tuple[str, str, int]], done: Mapping[str, str]) -> None:
        """Exactly the containers of ``done`` were touched, each as its action touches."""
        after = lives(self.engine, self.cloud)
        for name in before.keys() | after.keys():
            old, new = before.get(name), after.get(name)
            anew, again = CHANGES[done[name]] if name in done else (False, False)
            assert ((old and old[0]) != (new and new[0]), (old and old[1:]) != (new and new[1:])) == (anew, again), name

    def settled(self) -> None:
        """The same deploy once more does nothing."""
        before = lives(self.engine, self.cloud)
        assert "Nothing to do" in self.cloud.deploy(*self.words()).ok().out
        assert lives(self.engine, self.cloud) == before
        self.unsettled = False


@pytest.fixture(scope="module")
def first(small: SmallCloud, light_engine: PrivateEngine) -> Operator:
    return Operator(small, light_engine)


@pytest.fixture
def operator(first: Operator) -> Operator:
    """Each test starts from a cloud that is as the parameters say, even after one that failed."""
    if first.unsettled:
        first.cloud.deploy(*first.words()).ok()
    first.unsettled = True
    return first


#: What is changed by parameters alone: (parameters, {container: (action, what its reason says)}).
TABLE: dict[str, tuple[dict[str, Any], dict[str, tuple[str, str]]]] = {
    "another spec recreates": (
        {"MountedEntry": {"environment": ["COLOUR=blue"]}},
        {"mounted": ("recreate", "COLOUR=blue")}),
    "several spec keys are named": (
        {"CacheEntry": {"pids_limit": 50, "command": ["memcached", "-s", "/tmp/other"]}},
        {"cache": ("recreate", "pids_limit (unset) → 50")}),
    "when a container is started is no part of its spec": (
        {"OnceEntry": {"start_order": 7}}, {}),
    "COPY_ONCE and another option recreates": (
        {"OnceOptions": options(listen_backlog="20")},
        {"once": ("recreate", "config: once.conf [listen] backlog 10 → 20")}),
    "COPY_ALWAYS and another option restarts, and what runs in it runs again": (
        {"ReaderOptions": options(listen_backlog="20")},
        {"reader": ("restart", "config: reader.conf [listen] backlog 10 → 20"),
         "marker": ("exec", "config: reader.conf [listen] backlog 10 → 20")}),
    "another kolla_config file restarts": (
        {"ReaderKolla": {"permissions": [{"path": "/opt", "owner": "root:root"}]}},
        {"reader": ("restart", "config: "), "marker": ("exec", "config: ")}),
    "configuration that is read where it lies restarts": (
        {"MountedOptions": options(log_prefix="two", log_level="info")},
        {"mounted": ("restart", "config: mounted.conf [log] level (unset) → info; "
                     "config: mounted.conf [log] prefix one → two")}),
    "options that are declared reloadable reload": (
        {"ReloaderOptions": options(log_debug="true")},
        {"reloader": ("reload", "config: reloader.conf [log] debug false → true")}),
    "an option that is not declared reloadable restarts": (
        {"ReloaderOptions": options(log_debug="false", listen_backlog="20")},
        {"reloader": ("restart", "config: reloader.conf [listen] backlog 10 → 20")}),
    "a one-shot runs again when its configuration changed": (
        {"SetupOptions": options(log_prefix="two")},
        {"setup": ("run", "config: setup.conf [log] prefix one → two")}),
    "a one-shot runs again when its spec changed": (
        {"SetupEntry": {"environment": ["COLOUR=blue"]}}, {"setup": ("run", "COLOUR=blue")}),
    "a one-shot that leaves no container runs again too": (
        {"CleanupOptions": options(log_prefix="two")},
        {"cleanup": ("run", "config: cleanup.conf [log] prefix one → two")}),
    "several services at once, each in its own way": (
        {"ReaderOptions": options(listen_backlog="30"), "OnceOptions": options(listen_backlog="30"),
         "ReloaderOptions": options(log_prefix="three", listen_backlog="20"),
         "CacheEntry": {"pids_limit": 60, "command": ["memcached", "-s", "/tmp/other"]}},
        {"reader": ("restart", "20 → 30"), "marker": ("exec", "20 → 30"), "once": ("recreate", "20 → 30"),
         "reloader": ("reload", "one → three"), "cache": ("recreate", "50 → 60")}),
}


def test_nothing_differs_and_nothing_is_done(operator: Operator) -> None:
    checked = operator.cloud.check(*operator.words()).ok()
    assert "no container to touch" in checked.out
    assert operator.checked() == {}
    operator.settled()


@pytest.mark.parametrize("line", TABLE)
def test_a_change_does_what_check_said_and_no_more(operator: Operator, line: str) -> None:
    parameters, planned = TABLE[line]
    ran = {name: operator.cloud.ran(name) for name in ("setup", "cleanup", "reader")}
    began = {name: operator.cloud.taken(name)["began"] for name in LONG_RUNNING if name != "cache"}
    operator.expect(planned, **parameters)
    for name, before in began.items():
        taken = operator.cloud.taken(name)
        assert taken["options"] == operator.parameters.get(f"{name.capitalize()}Options", options()), name
        assert (taken["began"] == before) == (planned.get(name, ("reload",))[0] == "reload"), name
    for one_shot, where in (("setup", "setup"), ("cleanup", "cleanup"), ("marker", "reader")):
        assert operator.cloud.ran(where) - ran[where] == (1 if one_shot in planned else 0), one_shot


def test_what_is_not_wanted_is_removed_and_what_is_wanted_is_created(operator: Operator) -> None:
    names = [service.name for service in operator.cloud.services]
    operator.expect({"mounted": ("remove", "no service wants it any more"),
                     "cache": ("remove", "no service wants it any more")},
                    **operator.cloud.only(*(name for name in names if name not in ("mounted", "cache"))))
    assert not (operator.cloud.root / "var/lib/config-data/puppet-generated/mounted").exists()
    assert operator.cloud.data("mounted").is_dir(), "data stays"
    operator.expect({"mounted": ("create", "not there"), "cache": ("create", "not there")},
                    **operator.cloud.only(*names))


def test_an_image_that_was_built_anew_recreates_though_its_name_is_the_same(operator: Operator) -> None:
    docker = operator.engine.docker
    docker("tag", IMAGE, "small/mounted:1")
    operator.expect({}, MountedImage="small/mounted:1")
    made = docker("create", IMAGE).stdout.strip()
    docker("commit", "--change", "LABEL built=anew", made, "small/mounted:1")
    docker("rm", made)
    old, new = (docker("images", "-q", "--no-trunc", name).stdout.strip().removeprefix("sha256:")[:12]
                for name in (IMAGE, "small/mounted:1"))
    assert old != new
    operator.expect({"mounted": ("recreate", f"image small/mounted:1: {old} → {new}")})
    operator.expect({"mounted": ("recreate", f"image {IMAGE}: {new} → {old}")}, MountedImage=IMAGE)


def test_a_reload_that_does_not_take_restarts_and_says_so(operator: Operator) -> None:
    now = operator.parameters.get("ReloaderOptions", options())
    operator.expect({"reloader": ("restart", "[faults] deaf (unset) → true")},
                    ReloaderOptions={**now, "faults": {"deaf": "true"}})
    was = lives(operator.engine, operator.cloud)
    began = operator.cloud.taken("reloader")["began"]
    changed = {**now, "log": {**now["log"], "debug": "sure"}, "faults": {"deaf": "true"}}
    operator.parameters["ReloaderOptions"] = changed
    assert operator.checked()["reloader"][0] == "reload"
    done = operator.cloud.deploy(*operator.words()).ok()
    operator.require(was, {"reloader": "restart"})
    assert operator.cloud.taken("reloader")["options"] == changed
    assert operator.cloud.taken("reloader")["began"] > began
    told = [line for line in done.err.splitlines() if "reloader" in line and "restart" in line]
    assert told, done.err
    operator.settled()
    operator.expect({"reloader": ("restart", "[faults] deaf true → (unset)")}, ReloaderOptions=now)


def test_what_was_reloaded_is_still_started_again_by_the_engine_when_it_crashes(operator: Operator) -> None:
    now = operator.parameters.get("ReloaderOptions", options())
    operator.expect({"reloader": ("reload", "[log] prefix")}, ReloaderOptions={
        **now, "log": {**now["log"], "prefix": "crashes"}})
    began = operator.cloud.taken("reloader")["began"]
    os.kill(lives(operator.engine, operator.cloud)["reloader"][2], signal.SIGKILL)
    until = time.monotonic() + 30
    while operator.cloud.taken("reloader")["began"] == began:
        assert time.monotonic() < until, inspected(operator.engine, operator.cloud)["reloader"]["State"]
        time.sleep(0.1)
    operator.settled()
    operator.expect({"reloader": ("reload", "crashes")}, ReloaderOptions=now)


def stop(operator: Operator) -> None:
    operator.engine.docker("stop", operator.cloud.engine_name("cache"))


def kill(operator: Operator) -> None:
    operator.engine.docker("kill", operator.cloud.engine_name("cache"))


def pause(operator: Operator) -> None:
    operator.engine.docker("pause", operator.cloud.engine_name("cache"))


def sicken(operator: Operator) -> None:
    """The check fails until the container is started anew: /dev/shm is its own."""
    operator.engine.docker("exec", operator.cloud.engine_name("cache"), "touch", "/dev/shm/sick")
    until = time.monotonic() + 30
    while inspected(operator.engine, operator.cloud)["cache"]["State"]["Health"]["Status"] != "unhealthy":
        assert time.monotonic() < until
        time.sleep(0.2)


def remove(operator: Operator) -> None:
    operator.engine.docker("rm", "-f", operator.cloud.engine_name("cache"))


@pytest.mark.parametrize(("meddle", "action", "reason"), [
    (stop, "start", "it is exited"), (kill, "start", "it is exited"), (pause, "restart", "it is paused"),
    (sicken, "restart", "it is unhealthy"), (remove, "create", "not there")])
def test_what_a_hand_did_is_put_right(operator: Operator, meddle: Callable[[Operator], None], action: str,
                                      reason: str) -> None:
    meddle(operator)
    operator.expect({"cache": (action, reason)})


def test_a_one_shot_that_failed_stops_the_deploy_and_runs_again(operator: Operator) -> None:
    now = operator.parameters.get("SetupOptions", options())
    before, ran = lives(operator.engine, operator.cloud), operator.cloud.ran("setup")
    cache = operator.parameters.get("CacheEntry", {})
    operator.parameters.update(SetupOptions={**now, "faults": {"fail": "3"}}, CacheEntry={"pids_limit": 70})
    for reason in ("config: setup.conf [faults] fail (unset) → 3", "ended with 3 last time"):
        said = operator.checked()
        assert {name: action for name, (action, _) in said.items()} == {"setup": "run", "cache": "recreate"}
        assert reason in said["setup"][1]
        done = operator.cloud.deploy(*operator.words())
        assert done.code == 1 and "setup ended with 3" in done.err and "done with 3" in done.err, done.text
        operator.require(before, {"setup": "run"})
        before = lives(operator.engine, operator.cloud)
    operator.expect({"setup": ("run", "ended with 3 last time")}, SetupOptions=now, CacheEntry=cache)
    assert operator.cloud.ran("setup") == ran + 1


def test_a_secret_that_changed_is_named_and_not_shown(operator: Operator) -> None:
    first, second = "the-first-secret-9753", "the-second-secret-8642"
    operator.parameters["RabbitPassword"] = first
    operator.cloud.deploy(*operator.words()).ok()
    operator.parameters["RabbitPassword"] = second
    shown = [operator.cloud.check(*operator.words()), operator.cloud.check("--format", "json", *operator.words())]
    assert all("reader.conf [database] password" in done.out for done in shown), shown[0].text
    shown.append(operator.expect({"reader": ("restart", "[database] password"),
                                  "marker": ("exec", "[database] password")}))
    text = "".join(done.text for done in shown)
    assert first not in text and second not in text
    journal = (operator.cloud.state / operator.cloud.name / "journal.jsonl").read_text()
    assert first not in journal and second not in journal

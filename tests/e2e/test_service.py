"""Service verbs on two nodes: drained, one after the other, audited; what was stopped on purpose stays stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.cloud import Done
from tests.e2e.engine import PrivateEngine
from tests.e2e.small import RELOAD, SERVICES, Service, SmallCloud, options

#: Notes when it was drained, and when work was let in again; refuses to be drained where the data folder says so.
DRAIN = {"command": ["sh", "-c", "test ! -e /var/lib/small/busy && date +%s.%N >> /var/lib/small/drained"],
         "undo": ["sh", "-c", "date +%s.%N >> /var/lib/small/undone"], "within": 5}


#: Beside ``reader``.
NAMES = ("setup", "cleanup", "reloader", "cache")


@dataclass
class TwoNodes(SmallCloud):
    """The small cloud on two nodes of one machine, the second in a region of its own."""

    def write_files(self) -> None:
        super().write_files()
        [first] = yaml.safe_load(self.nodes_file.read_text())["nodes"]
        second = {**first, "name": f"{self.name}-1", "address": self.node_ip[:-1] + "3", "root": f"{self.root}-1",
                  "container_prefix": f"{self.name}-b-", "region": "north"}
        self.nodes_file.write_text(yaml.safe_dump({"nodes": [first, second]}))

    def file(self, node: int, service: str, name: str) -> Path:
        root = Path(f"{self.root}-1") if node else self.root
        return root / "var/lib/small" / service / name

    def times(self, node: int, name: str, service: str = "reader") -> list[float]:
        path = self.file(node, service, name)
        return [float(line) for line in path.read_text().split()] if path.exists() else []


@pytest.fixture(scope="module")
def pair(folder: Path, light_engine: PrivateEngine, number: int) -> Iterator[TwoNodes]:
    """Only what the tests look at: each config volume is generated once for each node."""
    drained = Service("reader", entry={"drain": DRAIN})
    made = TwoNodes.on(number, "pair", folder / "pair", light_engine.url)
    made.services = [drained, *(service for service in SERVICES if service.name in NAMES)]
    made.write_files()
    made.deploy().ok()
    yield made
    made.run("openstack", "overcloud", "delete", "--stack", made.name, "--yes").ok()


def verb(cloud: SmallCloud, *words: str) -> Done:
    return cloud.run("openstack", "overcloud", "service", *words, "--stack", cloud.name)


def started(engine: PrivateEngine, cloud: SmallCloud) -> dict[str, str]:
    """``{engine name: when it was started, or its state}``."""
    ids = engine.docker("ps", "-aq", "--filter", f"label=treadle.stack={cloud.name}").stdout.split()
    found = json.loads(engine.docker("inspect", *ids).stdout)
    return {c["Name"].strip("/").removeprefix(f"{cloud.name}-"): c["State"]["StartedAt"] if c["State"]["Running"]
            else c["State"]["Status"] for c in found}


def touched(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def journal(cloud: SmallCloud) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (cloud.state / cloud.name / "journal.jsonl").read_text().splitlines()]


def status(cloud: SmallCloud, name: str) -> list[dict[str, Any]]:
    rows = json.loads(cloud.run("openstack", "overcloud", "status", "--stack", cloud.name, "-f", "json").ok().out)
    return [row for row in rows if row["Container"] == name]


def test_services_are_listed_and_shown(pair: TwoNodes) -> None:
    rows = json.loads(verb(pair, "list", "-f", "json").ok().out)
    assert {(row["Node"], row["Service"], row["Running"]) for row in rows} == {
        (f"{pair.name}-{node}", name, "1/1") for node in (0, 1) for name in ("reader", "reloader", "cache")}
    shown = json.loads(verb(pair, "show", "reloader", "--node", f"{pair.name}-1", "-f", "json").ok().out)
    assert shown["nodes"] == [f"{pair.name}-1"]
    described = shown["containers"][f"{pair.name}-1"]["reloader"]
    assert described["reload"] == RELOAD and described["state"] == "running"
    assert "volume:reloader" in described["configuration"]


@pytest.mark.parametrize(("words", "said"), [
    (["restart", "readr", "--yes"], "did you mean reader?"),
    (["restart", "reader", "--yes", "--node", "nowhere"], "--node: no node is called nowhere"),
    (["restart", "reader", "--yes", "--group", "south"], "region=north"),
    (["restart", "reader", "--yes", "--group", "regoin=north"], "did you mean region?"),
    (["reload", "reader"], "service restart reader"),
    (["stop", "reader"], "--yes"),
    (["restart", "setup", "--yes"], "is called setup"),
])
def test_what_cannot_be_is_refused_and_nothing_is_touched(
        pair: TwoNodes, light_engine: PrivateEngine, words: list[str], said: str) -> None:
    before = started(light_engine, pair)
    done = verb(pair, *words)
    assert done.code == 1 and said in done.err and "Traceback" not in done.err, done.text
    assert started(light_engine, pair) == before


def test_a_restart_is_drained_and_goes_node_by_node(pair: TwoNodes, light_engine: PrivateEngine) -> None:
    before = started(light_engine, pair)
    done = verb(pair, "restart", "reader", "--yes", "--message", "new kernel", "--format", "json").ok()
    outcome = json.loads(done.out)
    assert [(o["node"], o["container"], o["action"], o["state"]) for o in outcome] == [
        (f"{pair.name}-{node}", "reader", "restart", "running") for node in (0, 1)]
    assert touched(before, started(light_engine, pair)) == {"reader", "b-reader"}
    assert pair.times(0, "drained") < pair.times(0, "undone") < pair.times(1, "drained") < pair.times(1, "undone")
    actions = [e for e in journal(pair) if e["kind"] == "action.end" and e["data"]["action"] == "restart"]
    assert [e["node"] for e in actions[-2:]] == [f"{pair.name}-0", f"{pair.name}-1"]
    assert actions[-1]["data"]["why"] == "service restart: new kernel" and "@" in actions[-1]["who"]


@pytest.mark.parametrize(("words", "names"), [
    (["--node", "NAME-1"], {"b-cache"}), (["--group", "north"], {"b-cache"}), (["--group", "role=Small"],
                                                                             {"cache", "b-cache"})])
def test_node_and_group_choose(pair: TwoNodes, light_engine: PrivateEngine, words: list[str], names: set[str]) -> None:
    before = started(light_engine, pair)
    verb(pair, "restart", "cache", "--yes", *(word.replace("NAME", pair.name) for word in words)).ok()
    assert touched(before, started(light_engine, pair)) == names


def test_the_first_failure_stops_all(pair: TwoNodes, light_engine: PrivateEngine) -> None:
    """The first node cannot be drained: it is not stopped, and the second is not begun."""
    busy = pair.file(0, "reader", "busy")
    busy.touch()
    before = started(light_engine, pair)
    try:
        for words in (["restart"], ["stop"]):
            done = verb(pair, *words, "reader", "--yes")
            assert done.code == 1 and "could not be drained" in done.err and "--no-drain" in done.err, done.err
            assert started(light_engine, pair) == before
        assert status(pair, "reader")[0]["Wanted"] == "running"
        verb(pair, "restart", "reader", "--yes", "--no-drain", "--node", f"{pair.name}-0").ok()
        assert touched(before, started(light_engine, pair)) == {"reader"}
    finally:
        busy.unlink()


def test_one_that_does_not_become_healthy_stops_all_and_stays_drained(
        pair: TwoNodes, light_engine: PrivateEngine) -> None:
    sick = pair.file(0, "cache", "sick")
    within = pair.values("within", CacheEntry={"command": ["memcached", "-s", "/tmp/socket"], "user": "memcached",
                                               "start_order": 2, "drain": DRAIN | {"container": "reader"},
                                               "health": {"command": "test ! -e /var/lib/small/sick", "within": 3}})
    pair.deploy(*within).ok()
    before = started(light_engine, pair)
    undone = len(pair.times(0, "undone"))
    sick.touch()
    done = verb(pair, "restart", "cache", "--yes")
    assert done.code == 1 and "cache" in done.err and "stays drained" in done.err, done.err
    assert touched(before, started(light_engine, pair)) == {"cache"}
    assert len(pair.times(0, "undone")) == undone
    sick.unlink()
    verb(pair, "restart", "cache", "--yes").ok()
    assert len(pair.times(0, "undone")) == undone + 1
    pair.deploy().ok()


def test_what_was_stopped_on_purpose_stays_stopped_until_it_is_started(
        pair: TwoNodes, light_engine: PrivateEngine) -> None:
    verb(pair, "stop", "reader", "--yes", "--message", "disk swap").ok()
    for row in status(pair, "reader"):
        assert (row["Wanted"], row["State"]) == ("stopped", "exited 0")
        assert "stopped by" in row["To do"] and "disk swap" in row["To do"]
    before = started(light_engine, pair)
    changed = pair.values("changed", ReaderOptions=options(listen_backlog="77"))
    done = pair.deploy(*changed).ok()
    assert touched(before, started(light_engine, pair)) == set()
    assert "warning: " in done.text and "disk swap" in done.text
    assert pair.planned(*changed) == {}
    drift = pair.run("openstack", "overcloud", "drift", "--stack", pair.name, "-f", "json").ok()
    assert json.loads(drift.out) == []
    light_engine.docker("start", f"{pair.name}-reader")
    assert pair.planned(*changed) == {"reader": "stop"}, "somebody started it behind the operator's back"
    pair.deploy(*changed).ok()
    assert started(light_engine, pair)["reader"] == "exited"
    started_again = json.loads(verb(pair, "start", "reader", "--format", "json").ok().out)
    assert [o["state"] for o in started_again] == ["running", "running"]
    assert json.loads(pair.file(1, "reader", "taken").read_text())["options"]["listen"] == {"backlog": "77"}
    assert [o["action"] for o in json.loads(verb(pair, "start", "reader", "--format", "json").ok().out)] == ["", ""]
    assert pair.planned(*changed) == {}
    pair.deploy().ok()


def test_a_reload_is_told_to_hooks_and_the_journal(
        pair: TwoNodes, light_engine: PrivateEngine, folder: Path) -> None:
    told = folder / "told"
    pair.run("openstack", "overcloud", "hook", "set", "file", "--stack", pair.name, "--command",
             f"cat >> {told}; echo >> {told}").ok()
    before = started(light_engine, pair)
    verb(pair, "reload", "reloader", "--message", "rotate").ok()
    assert touched(before, started(light_engine, pair)) == set(), "its processes are the same"
    pair.deploy(*pair.values("debug", ReloaderOptions=options(log_debug="true"))).ok()
    assert touched(before, started(light_engine, pair)) == set()
    events = [json.loads(line) for line in told.read_text().splitlines()]
    kinds = [(event["kind"], event["subject"]) for event in events]
    assert kinds.count(("reload.begin", "reloader")) == kinds.count(("reload.end", "reloader")) == 4
    assert {event["node"] for event in events} == {f"{pair.name}-0", f"{pair.name}-1"}
    assert [e["kind"] for e in journal(pair) if e["kind"].startswith("reload.")] == [kind for kind, _ in kinds]
    pair.run("openstack", "overcloud", "hook", "unset", "file", "--stack", pair.name).ok()
    pair.deploy().ok()


def test_status_names_service_generation_and_what_waits(pair: TwoNodes) -> None:
    [row, _] = status(pair, "reader")
    assert row["Service"] == "reader" and row["Wanted"] == "running" and len(row["Generation"]) == 12
    assert status(pair, "cleanup")[0]["Wanted"] == "done" and status(pair, "cleanup")[0]["State"] == "done"
    newer = pair.values("newer", ReaderOptions=options(listen_backlog="31"))
    with pair.killed_when(*pair.deploy_words("--yes", *newer), says="✓ Propagate", after=0.0):
        waiting = status(pair, "reader")[0]
    assert waiting["Generation"] == f"{row['Generation']} (behind)", waiting
    assert "backlog" in waiting["To do"]
    pair.deploy().ok()


def test_a_deploy_drains_too_and_is_not_kept_away_by_what_cannot_be_drained(pair: TwoNodes) -> None:
    for changed, busy in (("41", False), ("42", True)):
        before = [len(pair.times(0, name)) for name in ("drained", "undone")]
        pair.file(0, "reader", "busy").touch() if busy else None
        done = pair.deploy(*pair.values("drained", ReaderOptions=options(listen_backlog=changed))).ok()
        assert ("failed: drain reader" in done.err) is busy, done.err
        after = [len(pair.times(0, name)) for name in ("drained", "undone")]
        assert after == [before[0] + (not busy), before[1] + 1]
    pair.file(0, "reader", "busy").unlink()


def test_work_that_does_not_end_is_waited_for_no_longer_than_declared(pair: TwoNodes) -> None:
    slow = pair.values("slow", ReaderEntry={"drain": {**DRAIN, "command": "sleep 60", "within": 1}})
    pair.deploy(*slow).ok()
    done = verb(pair, "restart", "reader", "--yes", "--node", f"{pair.name}-0").ok()
    assert "still has work after 1 s" in done.err
    [drained] = [e["data"]["seconds"] for e in journal(pair) if e["kind"] == "drain.end"][-1:]
    assert 1 <= drained < 30
    pair.deploy().ok()


def test_what_a_kill_left_drained_takes_work_again(pair: TwoNodes) -> None:
    left = Path(f"{pair.root}/var/lib/treadle/{pair.name}/node/drained.json")
    left.write_text(json.dumps({"reader": 1.0}))
    undone = len(pair.times(0, "undone"))
    assert "reader takes work again" in pair.deploy().ok().err
    assert len(pair.times(0, "undone")) == undone + 1 and json.loads(left.read_text()) == {}

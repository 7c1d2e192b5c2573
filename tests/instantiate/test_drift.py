"""Findings: what a node is like against what was deployed, and what a deploy would do about it."""

from dataclasses import dataclass, field, replace

import pytest

from tests.support import observed, state
from treadle.instantiate.desired import Desired, Held
from treadle.instantiate.drift import Finding, Seen, What, drift
from treadle.instantiate.plan import Action, Kind
from treadle.plan.containers import parse_container

HELD = Held("volume:v", state((50.0, "f0", [])))
PART = Held("volume:v/etc/x", state((50.0, "f0", [])))


def wanted(name="c", *, image_id="sha256:one", sources=(), **entry):
    return Desired(name, 3, parse_container(name, {"image": "img", **entry}, ""), image_id, "s", "c", sources)


def action(kind=Kind.NONE, *reasons, there=None, item=None, name="c", held=""):
    return Action(kind, name, 3, reasons, item, there, held=held)


def exited(code=0, **more):
    return replace(observed("c", "exited", f"Exited ({code}) now"), **more)


RUNS, PAUSED = observed("c"), observed("c", "paused", "Up (Paused)")
OTHER_IMAGE = observed("c", image="sha256:two")
SHOT, GONE = {"detach": False}, {"detach": False, "remove": True}
EXEC = {"action": "exec", "command": ["c", "true"], "image": ""}


@dataclass
class Line:
    """One action of the planner, more of what was seen, and what is found: ``(what, words, repair)``."""

    action: Action | None
    found: list[tuple[What, list[str], str]] = field(default_factory=list)
    seen: dict = field(default_factory=dict)
    name: str = "c"


TABLE = {
    # containers
    "as it should be": Line(action(item=wanted(), there=RUNS)),
    "removed": Line(action(Kind.CREATE, "not there", item=wanted()), [(What.REMOVED, ["not there"], "create c")]),
    "one-shot removed": Line(action(Kind.RUN, "not run yet", item=wanted(**SHOT)),
                             [(What.REMOVED, ["not there"], "run c")]),
    "one-shot that leaves none": Line(action(Kind.RUN, "not run yet", item=wanted(**GONE))),
    "exec": Line(action(Kind.EXEC, "not run yet", item=wanted(**EXEC))),
    "stopped": Line(action(Kind.START, "it is exited", item=wanted(), there=exited(137)),
                    [(What.STOPPED, ["it is exited (137)"], "start c")]),
    "one-shot that has ended": Line(action(item=wanted(**SHOT), there=exited())),
    "paused": Line(action(Kind.RESTART, "it is paused", item=wanted(), there=PAUSED),
                   [(What.PAUSED, ["it is paused"], "restart c")]),
    "stopped on purpose": Line(action(item=wanted(), there=exited(), held="stopped by x")),
    "stopped on purpose and removed": Line(action(item=wanted(), held="stopped by x")),
    "stopped on purpose, started by hand": Line(
        action(Kind.STOP, "it is running, but stopped by x", item=wanted(), there=RUNS, held="stopped by x"),
        [(What.STARTED, ["it is running, but stopped by x"], "stop c")]),
    "unhealthy is no drift": Line(action(Kind.RESTART, "it is unhealthy", item=wanted(), there=RUNS)),
    "newer configuration waits": Line(action(Kind.RESTART, "config: x", item=wanted(sources=(HELD,)), there=RUNS)),
    "added": Line(action(Kind.REMOVE, "unwanted", there=RUNS), [
        (What.EXTRA, ["it says that it is the stack's, but nothing that was deployed wants it"], "remove c")]),
    "in the way": Line(action(Kind.CREATE, "not there", item=wanted()), [
        (What.REMOVED, ["not there"], "create c"),
        (What.STRANGER, ["a-c is not this stack's"],
         "refuse, until it is removed or renamed: docker rename a-c NEW-NAME")], {"strangers": {"c": "a-c"}}),
    # changed by hand
    "renamed": Line(action(Kind.RECREATE, "by hand: name", item=wanted(), there=RUNS),
                    [(What.CHANGED, ["name"], "recreate c")], {"listed": {"c": ["name"]}}),
    "limits": Line(action(Kind.RECREATE, "by hand: mem", item=wanted(), there=RUNS),
                   [(What.CHANGED, ["mem"], "recreate c (with --repair)")], {"inspected": {"c": ["mem"]}}),
    "renamed and limits": Line(action(Kind.RECREATE, "by hand: name", "by hand: mem", item=wanted(), there=RUNS),
                               [(What.CHANGED, ["name", "mem"], "recreate c")],
                               {"listed": {"c": ["name"]}, "inspected": {"c": ["mem"]}}),
    "limits and image": Line(action(Kind.RECREATE, "by hand: mem", "image img: one → two",
                                    item=wanted(image_id="sha256:two"), there=RUNS),
                             [(What.CHANGED, ["mem"], "recreate c"), (What.IMAGE, ["one → two"], "recreate c")],
                             {"inspected": {"c": ["mem"]}}),
    "limits and stopped": Line(action(Kind.RECREATE, "by hand: mem", "it is exited", item=wanted(), there=exited()),
                               [(What.STOPPED, ["it is exited (0)"], "start c"),
                                (What.CHANGED, ["mem"], "recreate c (with --repair)")], {"inspected": {"c": ["mem"]}}),
    # images
    "tag moved": Line(action(Kind.RECREATE, "image img: two → one", item=wanted(), there=OTHER_IMAGE),
                      [(What.IMAGE, ["two → one"], "recreate c")], name="img"),
    "image removed": Line(action(item=wanted(), there=RUNS), [
        (What.IMAGE, ["removed from the engine"], "refuse, until it is there: openstack overcloud image build")],
        {"missing": ["img"]}, name="img"),
    # configuration
    "a file": Line(action(Kind.RESTART, "config: a 2 → 1", item=wanted(sources=(HELD,)), there=RUNS),
                   [(What.CONFIGURATION, ["a 1 → 2"], "put it back, restart c")],
                   {"configuration": {"volume:v": ["a 1 → 2"]}}, name="volume:v"),
    "a file that a part holds": Line(action(Kind.RELOAD, "config: a 2 → 1", item=wanted(sources=(PART,)), there=RUNS),
                                     [(What.CONFIGURATION, ["a"], "put it back, reload c")],
                                     {"configuration": {"volume:v": ["a"]}}, name="volume:v"),
    "a file that nobody runs": Line(action(item=wanted(sources=(HELD,)), there=RUNS),
                                    [(What.CONFIGURATION, ["mode"], "put it back")],
                                    {"configuration": {"volume:v": ["mode"]}}, name="volume:v"),
    "a file and another reason": Line(action(Kind.START, "it is exited", item=wanted(sources=(HELD,)), there=exited()),
                                      [(What.STOPPED, ["it is exited (0)"], "start c"),
                                       (What.CONFIGURATION, ["mode"], "put it back")],
                                      {"configuration": {"volume:v": ["mode"]}}),
}


@pytest.mark.parametrize("line", TABLE.values(), ids=TABLE.keys())
def test_the_table(line):
    found = drift(Seen("node-0", [line.action] if line.action else [], **line.seen))
    assert [(f.what, list(f.words), f.repair) for f in found] == line.found
    assert all(f.node == "node-0" for f in found)
    assert line.name in {f.name for f in found} or not found


def test_by_kind_then_by_name():
    found = drift(Seen("n", [action(Kind.REMOVE, "x", there=RUNS, name="z"),
                             action(Kind.CREATE, "not there", item=wanted("b"), name="b"),
                             action(Kind.CREATE, "not there", item=wanted("a"), name="a")],
                       configuration={"volume:v": ["w"]}))
    assert [(f.what, f.name) for f in found] == [(What.REMOVED, "a"), (What.REMOVED, "b"), (What.EXTRA, "z"),
                                                 (What.CONFIGURATION, "volume:v")]


def test_one_image_is_one_finding():
    [found] = drift(Seen("n", [action(Kind.RECREATE, "image", item=wanted(name), there=OTHER_IMAGE, name=name)
                               for name in ("a", "b")]))
    assert found == Finding("n", What.IMAGE, "img", ("two → one",), "recreate a, recreate b")

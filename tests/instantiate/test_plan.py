"""The action table of the design, line by line: desired and observed in; actions and their reasons out."""

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import observed, state
from treadle.engine import Observed, canonical
from treadle.instantiate.desired import Desired, Held
from treadle.instantiate.plan import CONFIG, CONFIG_DATA, SPEC, STEP, Action, Kind, Run, changes, plan
from treadle.plan.containers import parse_container
from treadle.propagate import Delta, Revision

SINCE = "still running since 1970-01-01 00:01:40 UTC"
UNWANTED = "no service wants it any more"
WORDS = ("keystone.conf [token] expiration 3600 → 7200",)
FIRST = (50.0, "f0", ["long ago"])
EXPIRATION = Delta(WORDS[0], "etc/keystone/keystone.conf", "token", "expiration")
DEBUG = Delta("keystone.conf [DEFAULT] debug False → True", "etc/keystone/keystone.conf", "DEFAULT", "debug")
VHOST = Delta("etc/apache2/10.conf: - a", "etc/apache2/10.conf")
GONE_FILE = Delta("etc/apache2/20.conf removed", "etc/apache2/20.conf", gone=True)


def changed(*deltas, at=500.0, key="volume:keystone", **fields):
    """A config volume that changed at second 500, the container having been started at 100."""
    return Held(key, state(FIRST, (at, f"f{at}", list(deltas)), **fields), "config-img")


NEW_CONFIG = changed(EXPIRATION)
OLD_CONFIG = Held("volume:keystone", state(FIRST))
KEPT = changed(EXPIRATION, at=400.0, key="kolla:keystone.json")
THERE_AND_BACK = Held("volume:keystone", state(FIRST, (300.0, "f1", ["there"]), (500.0, "f0", ["back"])))
BY_HAND = Held("volume:keystone", msgspec.structs.replace(state(FIRST), revisions=(
    *state(FIRST).revisions, Revision(500.0, "g", "f0", (Delta("by hand"),), repaired=True))))


def wanted(name="c", *, step=3, image_id="sha256:one", spec="s1", config="c1", sources=(OLD_CONFIG,), **entry):
    container = parse_container(name, {"image": "img", **entry}, "docker_config")
    return Desired(name, step, container, image_id, spec, config, tuple(sources))


def there(state="running", status="Up 2 minutes", *, spec="s1", config="c1", name="c", **more: Any):
    data = more.pop("data", {})
    labels = {SPEC: spec, CONFIG: config, CONFIG_DATA: canonical(data).decode(), STEP: "3"}
    return replace(observed(name, state, status, **more), labels={**observed(name).labels, **labels})


def ended(code, **more: Any):
    return there("exited", f"Exited ({code}) now", **more)


ONCE = {"environment": ["KOLLA_CONFIG_STRATEGY=COPY_ONCE"]}
ALWAYS = {"environment": ["KOLLA_CONFIG_STRATEGY=COPY_ALWAYS"]}
SHOT = {"detach": False}
GONE = {"detach": False, "remove": True}
EXEC = {"action": "exec", "command": ["c", "true"], "image": ""}
DONE = Run("s1", "c1", "sha256:one", 0, 100.0)


def reloads(file, options):
    return {"reload": {"signal": "SIGHUP", "absorbs": [{"file": file, "options": options}], "seen": {"log": "x"}}}


OSLO = reloads("etc/keystone/*.conf", "mutable")
APACHE = reloads("etc/apache2/*", "all")
NAMED = reloads("etc/keystone/keystone.conf", ["token/*"])
MUTABLE = {"config-img": {("DEFAULT", "debug")}}
replaced = msgspec.structs.replace


@dataclass
class Line:
    """One line of the table. A running container was started at second 100."""

    wanted: Desired | None
    there: Observed | None
    kind: Kind
    reasons: list[str] = field(default_factory=list)
    run: Run | None = None
    started: float = 100.0


TABLE = {
    # wanted, not there: create
    "absent": Line(wanted(), None, Kind.CREATE, ["not there"]),
    # there, not wanted: remove
    "unwanted": Line(None, there(), Kind.REMOVE, [UNWANTED]),
    "unwanted and stopped": Line(None, ended(1), Kind.REMOVE, [UNWANTED]),
    # spec or image: recreate
    "spec": Line(wanted(spec="s2", user="b"), there(data={"user": "a"}), Kind.RECREATE, ["spec: user a → b"]),
    "spec whose words are lost": Line(wanted(spec="s2"), there(), Kind.RECREATE, ["spec changed"]),
    "image of the same tag": Line(wanted(image_id="sha256:two"), there(), Kind.RECREATE, ["image img: one → two"]),
    "spec and image": Line(wanted(spec="s2", image_id="sha256:two", user="b"), there(), Kind.RECREATE,
                           ["spec: user (unset) → b", "image img: one → two"]),
    "spec wins over config": Line(wanted(spec="s2", config="c2", sources=[NEW_CONFIG]), there(), Kind.RECREATE,
                                  ["spec changed"]),
    "spec of a stopped one": Line(wanted(spec="s2"), ended(0), Kind.RECREATE, ["spec changed"]),
    # config, COPY_ONCE: recreate
    "config, copied once": Line(wanted(config="c2", sources=[NEW_CONFIG], **ONCE), there(), Kind.RECREATE,
                                [f"config: {WORDS[0]}"]),
    "config that changed twice": Line(wanted(config="c2", sources=[NEW_CONFIG, changed(DEBUG, at=400.0)], **ONCE),
                                      there(), Kind.RECREATE, [f"config: {WORDS[0]}", f"config: {DEBUG.words}"]),
    "a mount was added, copied once": Line(wanted(config="c2", sources=[OLD_CONFIG], **ONCE), there(), Kind.RECREATE,
                                           ["config: volume:keystone changed"]),
    "copied once, restarted since": Line(wanted(config="c2", sources=[NEW_CONFIG], **ONCE), there(), Kind.RECREATE,
                                         [f"config: {WORDS[0]}"], started=900.0),
    # config, COPY_ALWAYS: restart
    "config, copied at each start": Line(wanted(config="c2", sources=[NEW_CONFIG], **ALWAYS), there(), Kind.RESTART,
                                         [f"config: {WORDS[0]}"]),
    "config, read at start": Line(wanted(config="c2", sources=[NEW_CONFIG]), there(), Kind.RESTART,
                                  [f"config: {WORDS[0]}"]),
    "config without words": Line(wanted(config="c2", sources=[changed()]), there(), Kind.RESTART,
                                 ["config: volume:keystone changed"]),
    "config, but restarted since": Line(wanted(config="c2", sources=[NEW_CONFIG], **ALWAYS), there(), Kind.NONE,
                                        started=501.0),
    "config at the very moment of the start": Line(wanted(config="c2", sources=[NEW_CONFIG]), there(), Kind.RESTART,
                                                   [f"config: {WORDS[0]}"], started=500.0),
    "config that was changed and changed back": Line(wanted(sources=[THERE_AND_BACK]), there(), Kind.NONE),
    "config that a hand changed": Line(wanted(sources=[BY_HAND]), there(), Kind.RESTART, ["config: by hand"]),
    # what Kolla has copied stays in the container for as long as it lives
    "a file that goes, copied at each start": Line(wanted(sources=[changed(GONE_FILE)], **ALWAYS), there(),
                                                   Kind.RECREATE, [f"config: {GONE_FILE.words}"]),
    "a file that goes, mounted": Line(wanted(sources=[changed(GONE_FILE)]), there(), Kind.RESTART,
                                      [f"config: {GONE_FILE.words}"]),
    "a file that goes, copied, and stopped": Line(
        wanted(sources=[changed(GONE_FILE)], **ALWAYS), ended(0), Kind.RECREATE, [f"config: {GONE_FILE.words}"]),
    "stopped, and nobody knows what it copied": Line(
        wanted(sources=[changed(GONE_FILE)], **ALWAYS), ended(0), Kind.START, ["it is exited"], started=0.0),
    # every changed option is declared reloadable: reload
    "mutable option": Line(wanted(sources=[changed(DEBUG)], **OSLO), there(), Kind.RELOAD,
                           [f"config: {DEBUG.words}"]),
    "default and DEFAULT are one": Line(wanted(sources=[changed(replaced(DEBUG, section="default"))], **OSLO),
                                        there(), Kind.RELOAD, [f"config: {DEBUG.words}"]),
    "option that is not mutable": Line(wanted(sources=[changed(EXPIRATION)], **OSLO), there(), Kind.RESTART,
                                       [f"config: {WORDS[0]}"]),
    "one mutable, one not": Line(wanted(sources=[changed(DEBUG, EXPIRATION)], **OSLO), there(), Kind.RESTART,
                                 [f"config: {DEBUG.words}", f"config: {WORDS[0]}", f"no reload takes {WORDS[0]}"]),
    "a file of which any change is taken": Line(wanted(sources=[changed(VHOST)], **APACHE), there(), Kind.RELOAD,
                                                [f"config: {VHOST.words}"]),
    "a file that no reload is about": Line(wanted(sources=[changed(VHOST)], **OSLO), there(), Kind.RESTART,
                                           [f"config: {VHOST.words}"]),
    "options by name": Line(wanted(sources=[changed(EXPIRATION)], **NAMED), there(), Kind.RELOAD,
                            [f"config: {WORDS[0]}"]),
    "another option than those named": Line(wanted(sources=[changed(DEBUG)], **NAMED), there(), Kind.RESTART,
                                            [f"config: {DEBUG.words}"]),
    "file mounted alone": Line(wanted(sources=[changed(DEBUG, single=True)], **OSLO), there(), Kind.RESTART,
                               [f"config: {DEBUG.words}"]),
    "kolla's own file": Line(wanted(sources=[changed(DEBUG, key="kolla:k.json")], **OSLO), there(), Kind.RESTART,
                             [f"config: {DEBUG.words}"]),
    "a change of which nothing is known": Line(wanted(sources=[changed()], **OSLO), there(), Kind.RESTART,
                                               ["config: volume:keystone changed"]),
    "taken before all that is known": Line(wanted(sources=[changed(DEBUG)], **OSLO), there(), Kind.RESTART,
                                           ["config: long ago", f"config: {DEBUG.words}"], started=10.0),
    "reloaded since": Line(wanted(sources=[changed(DEBUG)], **OSLO), there(), Kind.NONE, started=501.0),
    "reloadable, but unhealthy": Line(wanted(sources=[changed(DEBUG)], **OSLO),
                                      there(status="Up 2 minutes (unhealthy)"), Kind.RESTART,
                                      [f"config: {DEBUG.words}", "it is unhealthy"]),
    "reloadable, but copied once": Line(wanted(config="c2", sources=[changed(DEBUG)], **OSLO, **ONCE), there(),
                                        Kind.RECREATE, [f"config: {DEBUG.words}"]),
    "part of a config volume": Line(
        wanted(sources=[changed(replaced(DEBUG, path="keystone.conf"), key="volume:keystone/etc/keystone")], **OSLO),
        there(), Kind.RELOAD, [f"config: {DEBUG.words}"]),
    "no config at all": Line(wanted(sources=[], config=""), there(config=""), Kind.NONE),
    # wanted, stopped or unhealthy: start or restart
    "stopped": Line(wanted(), ended(0), Kind.START, ["it is exited"]),
    "between two starts": Line(wanted(), there("restarting", "Restarting (1) now"), Kind.RESTART,
                               ["it is restarting"]),
    "paused": Line(wanted(), there("paused", "Up 2 minutes (Paused)"), Kind.RESTART, ["it is paused"]),
    "created, never started": Line(wanted(), there("created", "Created"), Kind.START, ["it is created"]),
    "stopped with new config": Line(wanted(config="c2", sources=[NEW_CONFIG]), ended(0),
                                    Kind.START, ["it is exited"]),
    "unhealthy": Line(wanted(), there(status="Up 2 minutes (unhealthy)"), Kind.RESTART, ["it is unhealthy"]),
    "healthy": Line(wanted(), there(status="Up 2 minutes (healthy)"), Kind.NONE),
    "health not known yet": Line(wanted(), there(status="Up 2 seconds (health: starting)"), Kind.NONE),
    # a one-shot that failed, or whose spec or config changed: run again
    "one-shot, first time": Line(wanted(**SHOT), None, Kind.RUN, ["not run yet"]),
    "one-shot that failed": Line(wanted(**SHOT), ended(3), Kind.RUN, ["ended with 3 last time"]),
    "one-shot whose code is allowed": Line(wanted(exit_codes=[0, 3], **SHOT), ended(3), Kind.NONE),
    "one-shot under way": Line(wanted(**SHOT), there(data=SHOT), Kind.AWAIT, [SINCE]),
    "one-shot under way, paused": Line(wanted(**SHOT), there("paused", "Up 1 second (Paused)"), Kind.AWAIT, [SINCE]),
    "one-shot under way, spec": Line(wanted(spec="s2", user="b", **SHOT), there(data=SHOT), Kind.RUN,
                                     ["spec: user (unset) → b", SINCE]),
    "one-shot under way, image": Line(wanted(image_id="sha256:two", **SHOT), there(), Kind.RUN,
                                      ["image img: one → two", SINCE]),
    "one-shot under way, config": Line(wanted(config="c2", sources=[NEW_CONFIG], **SHOT), there(), Kind.RUN,
                                       [f"config: {WORDS[0]}", SINCE]),
    "one-shot between two starts": Line(wanted(**SHOT), there("restarting", "Restarting (1)"), Kind.RUN,
                                        ["was not finished (it is restarting)"]),
    "one-shot never started": Line(wanted(**SHOT), there("created", "Created"), Kind.RUN,
                                   ["was not finished (it is created)"]),
    "one-shot, spec": Line(wanted(spec="s2", user="b", **SHOT), ended(0, data=SHOT), Kind.RUN,
                           ["spec: user (unset) → b"]),
    "one-shot, image": Line(wanted(image_id="sha256:two", **SHOT), ended(0), Kind.RUN,
                            ["image img: one → two"]),
    "one-shot, config": Line(wanted(config="c2", sources=[NEW_CONFIG], **SHOT), ended(0),
                             Kind.RUN, [f"config: {WORDS[0]}"]),
    "one-shot, done": Line(wanted(**SHOT), ended(0), Kind.NONE),
    "removed one-shot, first time": Line(wanted(**GONE), None, Kind.RUN, ["not run yet"]),
    "removed one-shot that failed": Line(wanted(**GONE), None, Kind.RUN, ["ended with 1 last time"],
                                         run=Run("s1", "c1", "sha256:one", 1)),
    "removed one-shot, config": Line(wanted(config="c2", sources=[NEW_CONFIG], **GONE), None, Kind.RUN,
                                     [f"config: {WORDS[0]}"], run=DONE),
    "removed one-shot under way": Line(wanted(**GONE), there(), Kind.AWAIT, [SINCE]),
    "removed one-shot under way, spec": Line(wanted(spec="s2", **GONE), there(data=GONE), Kind.RUN,
                                             ["spec changed", SINCE]),
    "removed one-shot that ended unseen": Line(wanted(**GONE), ended(0), Kind.AWAIT,
                                               ["ended with 0, which is not recorded yet"]),
    "removed one-shot that failed unseen": Line(wanted(**GONE), ended(2), Kind.RUN, ["ended with 2 last time"]),
    "removed one-shot, done": Line(wanted(**GONE), None, Kind.NONE, run=DONE),
    "exec, first time": Line(wanted(**EXEC), None, Kind.EXEC, ["not run yet"]),
    "exec, spec": Line(wanted(spec="s2", **EXEC), None, Kind.EXEC, ["spec or image changed"], run=DONE),
    "exec, done": Line(wanted(**EXEC), None, Kind.NONE, run=DONE),
    # nothing: none
    "as it should be": Line(wanted(), there(), Kind.NONE),
}


@pytest.mark.parametrize("line", TABLE.values(), ids=TABLE.keys())
def test_the_table(line):
    [action] = plan([line.wanted] if line.wanted else [], {"c": line.there} if line.there else {},
                    {"c": line.started} if line.there else {},
                    {"c": line.run} if line.run else {}, MUTABLE)
    assert (action.kind, list(action.reasons)) == (line.kind, line.reasons)
    assert (action.desired, action.observed) == (line.wanted, line.there)
    assert (action in changes([action])) is (line.kind is not Kind.NONE)


def test_order_is_step_then_removals_then_start_order_then_name():
    found = plan([wanted("b", step=2), wanted("z", step=1, start_order=1), wanted("y", step=1, start_order=2),
                  wanted("a", step=1, start_order=2)],
                 {"old": replace(there(name="old"), labels={STEP: "2"}), "older": replace(there(), labels={})}, {}, {})
    assert [action.name for action in found] == ["older", "z", "a", "y", "old", "b"]


def test_an_action_in_words():
    assert str(Action(Kind.RESTART, "k", 3, ("config: a", "config: b"))) == "restart k: config: a; config: b"
    assert str(Action(Kind.NONE, "keystone", 3)) == "none keystone"


# The law: once every action was done, there is nothing left to do.

specs, configs, images = (st.sampled_from([f"{head}1", f"{head}2"]) for head in ("s", "c", "sha256:"))
shapes = st.sampled_from([{}, ONCE, ALWAYS, SHOT, GONE, EXEC])
held = st.lists(st.builds(changed, st.just(Delta("w")), key=st.sampled_from(["volume:a", "kolla:b"]),
                          at=st.sampled_from([150.0, 500.0])), max_size=2)


@st.composite
def desires(draw):
    return wanted(draw(st.sampled_from("abcde")), step=draw(st.integers(1, 5)), spec=draw(specs),
                  image_id=draw(images), config=draw(configs), sources=draw(held), **draw(shapes))


@st.composite
def containers(draw):
    state, status = draw(st.sampled_from([
        ("running", "Up"), ("running", "Up (unhealthy)"), ("exited", "Exited (0) now"), ("exited", "Exited (1) now"),
        ("created", "Created"), ("dead", "Dead"), ("restarting", "Restarting (1) now")]))
    return there(state, status, name=draw(st.sampled_from("abcdef")), spec=draw(specs),
                 config=draw(configs), image=draw(images))


runs_of = st.dictionaries(st.sampled_from("abcde"), st.builds(
    Run, specs, configs, images, st.sampled_from([0, 1]), st.just(100.0)))


def pretend(action, world, started, runs, now=1000.0):
    """What doing ``action`` makes of the world, as the executor and the engine would."""
    item = action.desired
    match action.kind:
        case Kind.REMOVE:
            world.pop(action.name)
        case Kind.START | Kind.RESTART:
            world[action.name] = replace(world[action.name], state="running", status="Up")
            started[action.name] = now
        case Kind.CREATE | Kind.RECREATE:
            world[action.name] = there(name=item.name, spec=item.spec, config=item.config, image=item.image_id,
                                       created=now)
            started[action.name] = now
        case Kind.RUN | Kind.EXEC | Kind.AWAIT if item.recorded:
            if action.kind is not Kind.EXEC:
                world.pop(action.name, None)
            runs[action.name] = Run(item.spec, item.config, item.image_id, 0, now)
        case Kind.RUN | Kind.AWAIT:
            world[action.name] = ended(0, name=item.name, spec=item.spec, config=item.config,
                                       image=item.image_id, created=now)


@given(st.lists(desires(), max_size=5, unique_by=lambda item: item.name),
       st.lists(containers(), max_size=6, unique_by=lambda c: c.name), runs_of)
def test_after_everything_was_done_the_plan_is_empty(desired, found, runs):
    world = {c.name: c for c in found}
    started = {c.name: 100.0 for c in found if c.running}
    for action in changes(plan(desired, world, started, runs)):
        pretend(action, world, started, runs)
    assert changes(plan(desired, world, started, runs)) == []


@given(st.lists(desires(), max_size=5, unique_by=lambda item: item.name),
       st.lists(containers(), max_size=6, unique_by=lambda c: c.name), runs_of)
def test_every_change_has_a_reason_and_every_container_one_action(desired, found, runs):
    world = {c.name: c for c in found}
    actions = plan(desired, world, {}, runs)
    assert sorted(a.name for a in actions) == sorted({item.name for item in desired} | world.keys())
    assert all(bool(action.reasons) is (action.kind is not Kind.NONE) for action in actions)
    assert actions == sorted(actions, key=lambda action: action.order)

"""What travels comes out as it went in."""

import msgspec
import pytest

from tests.support import node_plan, observed, state, tree
from treadle.errors import EngineError, InputError, Source, StepFailed
from treadle.gateway import NotBegun
from treadle.instantiate import Action, Kind, build_desired
from treadle.node.verbs import Preview
from treadle.node.wire import Failed, encode, hints, packed, unpacked, verbs
from treadle.propagate import Delta

PLAN = node_plan({1: {"reader": {"image": "i:1", "volumes": ["/var/lib/config-data/puppet-generated/v/:/src:ro"]}}})


def test_trees_and_actions_travel():
    found = build_desired(PLAN, {"i:1": "sha256:1"}, {"volume:v": state((1.0, "f", [Delta("a → b", "x", "s", "o")]))})
    item = found["reader"]
    action = Action(Kind.RELOAD, "reader", 1, ("config",), item, observed("reader"), tuple(item.differences(0.0)))
    preview = Preview("node-0", (action,), ("step 1: Puppet",), {"volume:v": ["a → b"]}, {"reader": 2.5})
    assert msgspec.json.decode(encode(preview), type=hints("preview")["return"]) == preview
    trees = {"v": tree("etc", **{"etc/a": b"\0\xff"})}
    sent = packed("propagate", {"trees": trees, "generation": "g", "services": ("a",), "recorded": print})
    back = unpacked("propagate", {name: raw for name, raw in sent.items() if name != "recorded"})
    assert back == {"trees": trees, "generation": "g", "services": ("a",)}
    assert unpacked("containers", packed("containers", {"step": 1, "planned": [action]}))["planned"] == [action]


def test_every_verb_says_what_it_takes_and_gives():
    assert all("return" in hints(verb) for verb in verbs())


@pytest.mark.parametrize(("error", "back"), [
    (EngineError("no image", key="k", hint="build it"), "k: node-1: no image\n  build it"),
    (InputError("is damaged", source=Source("/var/x", 3)), "node-1:/var/x:3: is damaged"),
    (StepFailed("on node-1 there is still to do"), "on node-1 there is still to do"),
])
def test_errors_travel_and_say_where(error, back):
    sent = msgspec.json.decode(encode(Failed.of(error)), type=Failed)
    assert type(sent.error()) is type(error) and str(sent.error()) == str(error)
    assert str(sent.error("node-1")) == back


def test_an_error_of_a_kind_of_ones_own_travels_as_what_it_is_a_kind_of():
    assert Failed.of(NotBegun("no")).kind == "StepFailed"

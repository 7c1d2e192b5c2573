"""Where a rollback goes, and what it records."""

import msgspec
import pytest

from tests.support import node_plan, tree
from treadle.errors import HistoryError
from treadle.history import GOOD, shared, snapshot
from treadle.node.held import Held
from treadle.paths import NodePaths
from treadle.rollout.change import record_rollback, target
from treadle.rollout.pipeline import mark_good
from treadle.rollout.state import StackState


@pytest.fixture
def state(tmp_path):
    made = StackState(tmp_path / "state", "overcloud")
    made.save_passwords(made.passwords([]))
    plan = msgspec.structs.replace(node_plan(), root=str(tmp_path / "node"),
                                   fingerprint_key=made.passwords([])["TreadleFingerprintKey"])
    made.save_plans([plan])
    return made


def record(state, content):
    [plan] = state.plans()
    return state.generations().record({plan.node: snapshot(plan, {"v": tree(a=content)}, {})}, {}, author="me <me@h>",
                                      message=content, common=shared([plan], {}))


def runs(state, generation, *, done=True):
    """The node holds a generation, and runs it where that is ``done``."""
    [plan] = state.plans()
    path = NodePaths(plan.stack, plan.root).held
    held = Held.read(path).propagated(generation.id)
    (held.done() if done else held).write(path)
    mark_good(state)


def test_back_to_the_one_before_or_to_a_named_one(state):
    one, two, three = (record(state, content) for content in ("one", "two", "three"))
    assert target(state, "", last_good=False).id == two.id
    assert target(state, one.short, last_good=False).id == one.id
    assert target(state, three.id, last_good=False).id == three.id


def test_back_to_what_ran_last_everywhere(state):
    one, two = record(state, "one"), record(state, "two")
    with pytest.raises(HistoryError, match="--to-last-good: no generation was ever instantiated on every node"):
        target(state, "", last_good=True)
    runs(state, one)
    runs(state, two, done=False)
    assert target(state, "", last_good=True).id == one.id
    assert state.generations().repository.resolve(GOOD) == one.id
    runs(state, two)
    assert target(state, "", last_good=True).id == two.id


def test_a_rollback_is_recorded_with_its_reason(state):
    one, two = record(state, "one"), record(state, "two")
    back = record_rollback(state, one, "it hurts")
    assert back.tree == one.tree and back.parents == (two.id,)
    assert back.message == f"Roll back to {one.short}: it hurts"
    assert record_rollback(state, one, "again").id == back.id


def test_the_same_rollback_again_goes_nowhere_else(state):
    one, two = record(state, "one"), record(state, "two")
    back = record_rollback(state, one, "")
    runs(state, two)
    assert target(state, "", last_good=False).id == back.id
    runs(state, back)
    assert target(state, "", last_good=False).id == back.id
    assert target(state, two.short, last_good=False).id == two.id


def test_what_was_changed_to_and_fro_is_no_rollback(state):
    record(state, "one")
    two, again = record(state, "two"), record(state, "one")
    assert target(state, "", last_good=False).id == two.id != again.id


def test_nothing_to_go_back_to(state):
    with pytest.raises(HistoryError, match="nothing was generated yet"):
        target(state, "", last_good=False)
    record(state, "one")
    with pytest.raises(HistoryError, match="there is no generation before"):
        target(state, "", last_good=False)

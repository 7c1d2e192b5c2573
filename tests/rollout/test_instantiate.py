"""How each node is said to have been left."""

from types import SimpleNamespace
from typing import Any

import pytest

from treadle.errors import StepFailed
from treadle.events import silent
from treadle.node.held import Held
from treadle.rollout.pipeline import Instantiate
from treadle.rollout.reach import Reach
from treadle.rollout.state import StackState


@pytest.mark.parametrize(("begun", "done", "failed", "states"), [
    ("", "", "", "untouched untouched untouched"),
    ("ab", "", "a", "failed stopped untouched"),
    ("abc", "b", "a", "failed done stopped"),
    ("abc", "abc", "", "done done done"),
])
def test_every_node_has_a_state(tmp_path, begun, done, failed, states):
    state = StackState(tmp_path, "s")
    work = Instantiate(state, [], Reach(state, silent()), silent())
    agents: list[Any] = [SimpleNamespace(plan=SimpleNamespace(node=name), held=lambda name=name: Held(name * 40))
                         for name in "abc"]
    work.agents = agents
    work.begun, work.done = list(begun), list(done)
    work.failed = {name: StepFailed(f"{name} broke") for name in failed}
    found = work.states()
    assert " ".join(node.state for node in found) == states
    assert [node.why for node in found] == [f"{node.node} broke" if node.node in failed else "" for node in found]

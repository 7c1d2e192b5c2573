"""In which order nodes are updated, and what is told of it."""

import pytest

from tests.support import node_plan
from treadle.errors import InputError, StepFailed
from treadle.rollout.rolling import NodesFailed, failed_of, look
from treadle.rollout.state import StackState
from treadle.rollout.tasks import TasksFailed
from treadle.rollout.update import Update, order, prepared, progress, read, summary, write

ROLES = [{"name": "Controller"}, {"name": "Compute", "update_serial": "50%"}]
PLANS = [node_plan(node=name, role=role) for name, role in (
    ("cmp-0", "Compute"), ("ctl-0", "Controller"), ("cmp-1", "Compute"), ("ctl-1", "Controller"),
    ("cmp-2", "Compute"), ("cmp-3", "Compute"))]
EVERY = [plan.node for plan in PLANS]


@pytest.mark.parametrize(("chosen", "done", "sizes", "batches"), [
    (EVERY, [], "", [["ctl-0"], ["ctl-1"], ["cmp-0", "cmp-1"], ["cmp-2", "cmp-3"]]),
    (EVERY, ["ctl-0", "cmp-1"], "", [["ctl-1"], ["cmp-0"], ["cmp-2"], ["cmp-3"]]),
    (EVERY, [], "1,100%", [["ctl-0"], ["ctl-1"], ["cmp-0"], ["cmp-1", "cmp-2", "cmp-3"]]),
    (["cmp-3", "ctl-1"], [], "", [["ctl-1"], ["cmp-3"]]),
    (EVERY, EVERY, "", []),
])
def test_role_by_role_each_with_its_own_number(chosen, done, sizes, batches):
    assert order(prepared("g", ROLES, "").changed(done=done), PLANS, chosen, sizes) == batches


def test_a_role_that_the_roles_file_has_no_more_comes_last_and_one_by_one():
    assert order(prepared("g", ROLES[:1], ""), PLANS, EVERY[:3]) == [["ctl-0"], ["cmp-0"], ["cmp-1"]]


@pytest.mark.parametrize("size", ["0%", "many", -1, "101%"])
def test_an_update_serial_that_is_none_is_named(size):
    with pytest.raises(InputError, match=r"Compute.update_serial: .* is no size of a batch"):
        prepared("g", [{"name": "Compute", "update_serial": size}], "")


def test_how_far_each_node_is():
    update = Update("g" * 40, [], phase="stopped", done=["ctl-0"], at_work=["ctl-1"],
                    failed={"cmp-0": "a reason", "cmp-1": "another"}, back=["cmp-1"], stopped=["cmp-2"])
    found = {one.node: (one.state, one.why) for one in progress(update, PLANS, running=True)}
    assert found == {"ctl-0": ("updated", ""), "ctl-1": ("at work", ""), "cmp-0": ("failed", "a reason"),
                     "cmp-1": ("went back", "another"), "cmp-2": ("stopped", "another one of its batch failed"),
                     "cmp-3": ("waits", "")}
    assert progress(update, PLANS, running=False)[3].state == "stopped"
    assert summary(update, PLANS) == f"update to generation {'g' * 12}: stopped, 1 of 6 nodes updated"


def test_it_is_kept_and_a_node_that_runs_something_else_is_not_done(tmp_path):
    state = StackState(tmp_path, "overcloud")
    assert read(state) is None
    update = Update("g", [], done=["ctl-0", "ctl-1"], before={"ctl-0": "f"})
    write(state, update)
    assert read(state) == update
    assert look(state, update).done == []


def test_what_failed_is_told_by_whoever_knows():
    names = ["a", "b"]
    assert failed_of(TasksFailed("m", {"b": ["task: no", "more"]}, ""), names) == {"b": "task: no"}
    assert failed_of(NodesFailed(StepFailed("m"), {"a": "why"}), names) == {"a": "why"}
    assert failed_of(NodesFailed(StepFailed("m\nmore"), {}), names) == {"a": "m", "b": "m"}
    assert failed_of(StepFailed("m"), names) == {"a": "m", "b": "m"}

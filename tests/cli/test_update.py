"""What `openstack overcloud update` says before anything is touched."""

import msgspec
import pytest

from tests.support import node_plan, tree
from treadle.cli.main import main
from treadle.history import shared, snapshot
from treadle.node.held import Held
from treadle.paths import NodePaths
from treadle.rollout.state import StackState
from treadle.rollout.update import prepared, read, write

ROLES = [{"name": "Controller"}, {"name": "Compute"}]


@pytest.fixture
def state(tmp_path):
    """Two nodes, which were deployed."""
    made = StackState(tmp_path / "state", "overcloud")
    made.save_passwords(made.passwords([]))
    key = made.passwords([])["TreadleFingerprintKey"]
    made.save_plans([msgspec.structs.replace(node_plan(), node=name, role=role, root=str(tmp_path / name),
                                             fingerprint_key=key)
                     for name, role in (("ctl-0", "Controller"), ("cmp-0", "Compute"))])
    return made


@pytest.fixture
def update(state, capsys):
    def run(*argv):
        status = main(["update", *argv, "--state", str(state.folder)])
        said = capsys.readouterr()
        return status, said.out, said.err
    return run


def record(state, content):
    plans = state.plans()
    return state.generations().record({plan.node: snapshot(plan, {"v": tree(a=content)}, {}) for plan in plans}, {},
                                      author="me <me@h>", message=content, common=shared(plans, {}))


@pytest.mark.parametrize("words", [("run", "--yes"), ("converge", "--yes"), ("run", "--resume", "--yes")])
def test_nothing_was_prepared(update, state, words):
    record(state, "one")
    status, _, err = update(*words)
    assert status == 1 and "no update is prepared" in err and "openstack overcloud update prepare" in err
    assert update("status")[0] == 1


def test_a_stack_that_never_was(update):
    for words in (("run",), ("converge",), ("status",), ("prepare",)):
        status, _, err = update(*words, "--stack", "none")
        assert status == 1 and "no stack called none was deployed from here" in err


@pytest.mark.parametrize(("words", "said"), [
    (("--resume",), "--resume: the update did not stop: it is prepared"),
    (("--nodes", "ctl-1"), "ctl-1 is no node, role or group of this stack (did you mean ctl-0?)"),
    (("--roles", "Comput"), "no node has the role Comput (did you mean Compute?)"),
    (("--skip", "ctl-0", "--nodes", "Controller"), "no node is left"),
    (("--batch", "two"), "two is no size of a batch"),
    ((), "--yes: nobody is there to say yes"),
])
def test_bad_input_changes_nothing(update, state, words, said):
    write(state, prepared(record(state, "one").id, ROLES, ""))
    before = read(state)
    status, _, err = update("run", *words)
    assert status == 1 and said in err
    assert read(state) == before


def test_what_was_prepared_and_is_not_the_newest_any_more_is_not_rolled_out(update, state):
    one = record(state, "one")
    write(state, prepared(one.id, ROLES, ""))
    two = record(state, "two")
    status, _, err = update("run", "--yes")
    assert status == 1 and one.short in err and f"the stack has a newer one: {two.short}" in err


def test_status_tells_what_each_node_runs(update, state):
    one = record(state, "one")
    write(state, prepared(one.id, ROLES, "").changed(phase="stopped", done=["ctl-0"], failed={"cmp-0": "a reason"}))
    for plan in state.plans()[:1]:
        path = NodePaths(plan.stack, plan.root).held
        Held().propagated(one.id).done().write(path)
    status, out, err = update("status", "-f", "value")
    assert status == 0 and "stopped, 1 of 2 nodes updated" in err
    assert out.splitlines() == [f"ctl-0 Controller updated {one.short} ", "cmp-0 Compute failed  a reason"]
    status, _, err = update("converge", "--yes")
    assert status == 1 and "not every node is updated: cmp-0" in err and "--skip" in err

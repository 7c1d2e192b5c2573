"""What is remembered of an upgrade: what may begin, what goes on, what has to be done again."""

import pytest

from treadle.errors import InputError
from treadle.rollout import update
from treadle.rollout.lifecycle import begin, current, require_startable, required, summary
from treadle.rollout.stages import upgrade
from treadle.rollout.state import StackState

NODES = {"Controller": ["control-0"]}


@pytest.fixture
def state(tmp_path):
    return StackState(tmp_path, "s")


def marks():
    return [mark for stage in upgrade(NODES) for mark in stage.marks()]


def test_what_is_kept_is_what_comes_back(state):
    assert current(state) is None
    made = begin(state, "ffwd-upgrade", "g1", ["Controller"], ["ocata", "pike"])
    made.facts["control-0"] = {"enabled": True}
    made.finish(["a", "b"])
    found = current(state)
    assert found.kept == made.kept and found.done == {"a", "b"} and found.words == "a fast-forward upgrade"
    found.over()
    assert current(state) is None


def test_what_was_prepared_again_repeats_the_deploy_and_no_tasks_before_it(state):
    begin(state, "upgrade", "g1", ["Controller"]).finish(marks())
    again = begin(state, "upgrade", "g1", ["Controller"])
    assert again.done == set(marks())
    again = begin(state, "upgrade", "g2", ["Controller"])
    assert set(marks()) - again.done == {mark for mark in marks() if mark.startswith(("deploy/", "post_upgrade"))}
    assert current(state).kept.generation == "g2"


def test_one_kind_at_a_time(state):
    begin(state, "upgrade", "g1", ["Controller"])
    require_startable(state, "ffwd-upgrade")  # nothing was done of it
    begin(state, "ffwd-upgrade", "g2", ["Controller"], ["a", "b"]).finish(["x"])
    require_startable(state, "ffwd-upgrade")
    with pytest.raises(InputError, match="a fast-forward upgrade was begun"):
        require_startable(state, "update")
    with pytest.raises(InputError, match="it is a fast-forward upgrade"):
        required(state, "upgrade")
    assert required(state, "upgrade", "ffwd-upgrade").kept.generation == "g2"
    assert summary(current(state)) == "a fast-forward upgrade to generation g2 is under way"


def test_an_update_in_its_middle_is_no_beginning(state):
    update.write(state, update.Update("g1", [], phase="stopped"))
    with pytest.raises(InputError, match="an update was begun"):
        require_startable(state, "upgrade")


def test_nothing_is_prepared(state):
    with pytest.raises(InputError, match="no upgrade of s is prepared") as caught:
        required(state, "upgrade", "ffwd-upgrade")
    assert "openstack overcloud upgrade prepare" in str(caught.value)


def test_a_damaged_file_is_named(state):
    state.remember("upgrade", {"kind": "upgrade"})
    with pytest.raises(InputError, match="was not written by this version") as caught:
        current(state)
    assert "upgrade.json" in str(caught.value)

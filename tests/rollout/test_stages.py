"""The order of an upgrade and of a fast-forward upgrade, as a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InputError
from treadle.rollout.stages import DEPLOY, Stage, by_role, fast_forward, left, upgrade

CLOUD = {"Controller": ["control-0", "control-1"], "Compute": ["compute-0"]}


def lines(stages):
    """``section release step: nodes`` of each stage, short."""
    short = {"pre_upgrade_rolling_tasks": "rolling", "upgrade_tasks": "upgrade", "post_upgrade_tasks": "post",
             "fast_forward_upgrade_tasks": "ffu", "fast_forward_post_upgrade_tasks": "last", DEPLOY: "deploy"}
    return [" ".join([short[stage.section], *stage.variables.values()]) + f": {' '.join(stage.nodes)}"
            for stage in stages]


def test_an_upgrade():
    assert lines(upgrade(CLOUD)) == [
        "rolling 0: control-0", "rolling 0: control-1", "rolling 0: compute-0",
        "upgrade 0: control-0 control-1", "upgrade 0: compute-0",
        "upgrade 1: control-0 control-1", "upgrade 1: compute-0",
        "upgrade 2: control-0 control-1", "upgrade 2: compute-0",
        "upgrade 3: control-0 control-1", "upgrade 3: compute-0",
        "upgrade 4: control-0 control-1", "upgrade 4: compute-0",
        "upgrade 5: control-0 control-1", "upgrade 5: compute-0",
        "deploy: control-0 control-1 compute-0",
        "post 0: control-0 control-1", "post 0: compute-0",
        "post 1: control-0 control-1", "post 1: compute-0",
        "post 2: control-0 control-1", "post 2: compute-0",
        "post 3: control-0 control-1", "post 3: compute-0"]


def test_an_upgrade_in_batches_brings_each_to_its_end_before_the_next():
    found = lines(upgrade({"Controller": ["a", "b"], "Compute": ["c"]}, "2,1"))
    assert found == [*lines(upgrade({"Controller": ["a", "b"]})), *lines(upgrade({"Compute": ["c"]}))]


def test_a_fast_forward_upgrade():
    def release(name):
        return [*(line for step in range(4) for line in (
                    f"ffu {name} {step}: control-0 control-1", f"ffu {name} {step}: compute-0")),
                *(line for step in range(4, 10) for line in (
                    f"ffu {name} {step}: control-0", f"ffu {name} {step}: compute-0"))]
    assert lines(fast_forward(CLOUD, ["ocata", "pike", "queens"])) == [
        *release("ocata"), *release("pike"), "last queens: control-0 control-1", "last queens: compute-0"]


def test_what_a_role_does_once_the_next_node_does_where_the_first_is_skipped_but_never_twice():
    skipped = by_role({"control-0": "Controller", "control-1": "Controller"}, {"control-1"})
    todo = fast_forward(skipped, ["ocata", "pike"])
    assert {stage.nodes for stage in todo} == {("control-1",)}
    done = [mark for stage in fast_forward(CLOUD, ["ocata", "pike"]) if stage.once for mark in stage.marks()]
    assert {stage.step for stage in left(todo, done)} == {0, 1, 2, 3, None}


def test_steps_and_releases_are_text_for_the_tasks():
    assert Stage("upgrade_tasks", ("a",), "R", 0).variables == {"step": "0"}
    assert Stage("fast_forward_upgrade_tasks", ("a",), "R", 4, "pike").variables == {"release": "pike", "step": "4"}


@pytest.mark.parametrize("releases", [[], ["queens"], ["pike", "pike"], ["ocata", "pike", "ocata"]])
def test_releases_that_are_no_way(releases):
    with pytest.raises(InputError, match="at least two releases"):
        fast_forward(CLOUD, releases)


def test_roles_come_in_the_order_of_the_roles_file():
    roles = {"a": "Compute", "b": "Controller", "c": "Compute"}
    assert list(by_role(roles, set(roles)).items()) == [("Compute", ["a", "c"]), ("Controller", ["b"])]
    assert list(by_role(roles, set(roles), ["Controller", "Storage"])) == ["Controller", "Compute"]
    assert by_role(roles, {"b"}) == {"Controller": ["b"]}


@given(st.integers(1, 5), st.integers(1, 4), st.sampled_from(["1", "2", "50%", "100%", "1,2"]), st.data())
def test_what_was_cut_off_goes_on_where_it_was(controllers, computes, batch, data):
    cloud = {"Controller": [f"control-{n}" for n in range(controllers)],
             "Compute": [f"compute-{n}" for n in range(computes)]}
    for whole in (upgrade(cloud, batch), fast_forward(cloud, ["x", "y", "z"])):
        done = data.draw(st.integers(0, len(whole)))
        marks = {mark for stage in whole[:done] for mark in stage.marks()}
        assert left(whole, marks) == whole[done:]
        assert left(whole, {mark for stage in whole for mark in stage.marks()}) == []


@given(st.sets(st.sampled_from(["control-0", "control-1", "compute-0"])))
def test_nodes_that_were_upgraded_before_are_left_out_of_each_stage(before):
    done = {mark for stage in upgrade(by_role({"control-0": "Controller", "control-1": "Controller",
                                               "compute-0": "Compute"}, before)) for mark in stage.marks()} \
        if before else set()
    todo = left(upgrade(CLOUD), done)
    assert {node for stage in todo for node in stage.nodes} == {"control-0", "control-1", "compute-0"} - before

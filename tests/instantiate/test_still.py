"""What the plan showed against what is to be done when it is done."""

import pytest

from treadle.errors import StepFailed
from treadle.instantiate.plan import Action, Kind
from treadle.instantiate.still import still

SICK = "it is unhealthy"


def act(kind, name="a", *reasons):
    return Action(kind, name, 1, reasons or (("r",) if kind is not Kind.NONE else ()))


@pytest.mark.parametrize(("planned", "now", "todo"), [
    ([], [], []),
    ([act(Kind.RESTART)], [act(Kind.RESTART)], [act(Kind.RESTART)]),
    ([act(Kind.RESTART, "a", "one")], [act(Kind.RESTART, "a", "one", "two")], [act(Kind.RESTART, "a", "one", "two")]),
    ([act(Kind.RESTART)], [act(Kind.NONE)], []),
    ([act(Kind.RESTART)], [], []),
    ([act(Kind.RESTART)], [act(Kind.START, "a", "it is exited")], [act(Kind.START, "a", "it is exited")]),
    ([act(Kind.NONE)], [act(Kind.RESTART, "a", SICK)], []),
    ([], [act(Kind.RESTART, "a", SICK)], []),
    ([act(Kind.RESTART, "a", SICK)], [act(Kind.RESTART, "a", SICK)], [act(Kind.RESTART, "a", SICK)]),
    ([act(Kind.START, "b")], [act(Kind.RESTART, "a", SICK), act(Kind.START, "b")], [act(Kind.START, "b")]),
])
def test_what_was_planned_is_done(planned, now, todo):
    assert still(planned, now) == todo


@pytest.mark.parametrize(("planned", "now", "said"), [
    ([], [act(Kind.START, "a", "it is exited")], "start a: it is exited (the plan: nothing)"),
    ([act(Kind.NONE)], [act(Kind.CREATE, "a", "not there")], "create a: not there (the plan: nothing)"),
    ([act(Kind.RELOAD)], [act(Kind.RESTART)], "restart a: r (the plan: reload)"),
    ([act(Kind.RELOAD)], [act(Kind.RESTART, "a", SICK)], "restart a: it is unhealthy (the plan: reload)"),
    ([], [act(Kind.RESTART, "a", "config: x", SICK)], "restart a: config: x; it is unhealthy (the plan: nothing)"),
    ([act(Kind.START)], [act(Kind.START), act(Kind.REMOVE, "b", "unwanted")], "remove b: unwanted (the plan: nothing)"),
])
def test_a_plan_that_the_world_has_moved_away_from_is_refused(planned, now, said):
    with pytest.raises(StepFailed) as caught:
        still(planned, now)
    assert said in str(caught.value) and "Run the same deploy again" in str(caught.value)


def test_everything_that_moved_is_named():
    with pytest.raises(StepFailed) as caught:
        still([], [act(Kind.START, "a"), act(Kind.CREATE, "b")])
    assert "start a" in str(caught.value) and "create b" in str(caught.value)

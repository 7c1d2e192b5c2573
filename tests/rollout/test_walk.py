"""Nodes through a phase: in batches, and no further than failures allow."""

from types import SimpleNamespace

import pytest

from tests.support import Heard
from treadle.errors import StepFailed
from treadle.rollout.walk import Walk


def walk(number, forks=25, **options):
    agents = [SimpleNamespace(plan=SimpleNamespace(node=f"n{at}")) for at in range(number)]
    return Walk(None, SimpleNamespace(forks=forks), agents, Heard().events(), **options)


def failing(begun, *nodes):
    def do(agent):
        begun.append(agent.plan.node)
        if agent.plan.node in nodes:
            raise StepFailed(f"{agent.plan.node} is ill")
        return agent.plan.node
    return do


@pytest.mark.parametrize(("options", "ill", "begun"), [
    ({}, [], "n0 n1 n2 n3 n4"), ({}, ["n1"], "n0 n1 n2 n3 n4"), ({"batch": "1"}, ["n1"], "n0 n1"),
    ({"batch": "1,50%"}, ["n1"], "n0 n1 n2"), ({"batch": "1", "max_failures": 1}, ["n1"], "n0 n1 n2 n3 n4"),
    ({"batch": "1", "max_failures": 1}, ["n1", "n3"], "n0 n1 n2 n3"), ({"batch": "2,3"}, ["n4"], "n0 n1 n2 n3 n4"),
])
def test_no_batch_begins_after_too_many_failures(options, ill, begun):
    seen = []
    made = walk(5, forks=1, **options)
    try:
        made.each(failing(seen, *ill))
    except StepFailed as error:
        assert error.message == f"{ill[0]} is ill" and len(ill) > made.max_failures
    else:
        assert len(ill) <= made.max_failures
    assert " ".join(seen) == begun


def test_who_failed_is_left_out_of_the_phases_that_follow():
    made = walk(4, max_failures=2)
    assert made.each(failing([], "n2")) == {name: name for name in ("n0", "n1", "n3")}
    assert list(made.each(failing([]))) == ["n0", "n1", "n3"] and list(made.failed) == ["n2"]


def test_no_more_nodes_at_once_than_forks():
    import threading

    now, most, turn = 0, 0, threading.Lock()
    barrier = threading.Barrier(3)

    def do(_):
        nonlocal now, most
        with turn:
            now += 1
            most = max(most, now)
        barrier.wait(10)
        with turn:
            now -= 1

    walk(9, forks=3).each(do)
    assert most == 3

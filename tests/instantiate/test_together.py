"""Actions at once: which may be, and what becomes of failures."""

import threading

import pytest

from tests.support import Heard
from treadle.errors import EngineError, StepFailed
from treadle.gateway import Gateway
from treadle.instantiate.desired import Desired
from treadle.instantiate.plan import Action, Kind
from treadle.instantiate.together import layers, needs, together
from treadle.plan.containers import parse_container


def container(**entry):
    return parse_container("c", {"image": "i", **entry}, "docker_config")


def action(name, **entry):
    return Action(Kind.CREATE, name, 1, ("r",), Desired(name, 1, container(**entry), "", "", ""))


@pytest.mark.parametrize(("entry", "expected"), [
    ({}, set()), ({"net": "host"}, set()), ({"net": "container:a"}, {"a"}), ({"pid": "container:a"}, {"a"}),
    ({"ipc": "container:a", "volumes_from": ["b:ro", "c"]}, {"a", "b", "c"}),
    ({"action": "exec", "command": ["a", "true"]}, {"a"}),
])
def test_needs(entry, expected):
    assert needs(container(**entry)) == expected


@pytest.mark.parametrize(("actions", "expected"), [
    ([], []),
    ([action("a"), action("b")], [["a", "b"]]),
    ([action("a", net="container:b"), action("b")], [["b"], ["a"]]),
    ([action("a", net="container:b"), action("b", volumes_from=["c"]), action("c"), action("d")],
     [["c", "d"], ["b"], ["a"]]),
    ([action("a", net="container:elsewhere")], [["a"]]),
    ([action("a", net="container:a")], [["a"]]),
    ([action("a", net="container:b"), action("b", net="container:a")], [["a", "b"]]),
    ([Action(Kind.REMOVE, "a", 1), action("b", net="container:a")], [["a"], ["b"]]),
])
def test_layers(actions, expected):
    assert [[found.name for found in layer] for layer in layers(actions)] == expected


def test_at_once_and_no_more_than_allowed():
    inside, most, lock = set(), [], threading.Lock()
    met = threading.Barrier(3, timeout=10)

    def do(item):
        with lock:
            inside.add(item)
            most.append(len(inside))
        met.wait()
        with lock:
            inside.discard(item)

    together(list(range(9)), do, 3)
    assert max(most) == 3


def test_one_failure_is_itself_and_several_are_all_named():
    def fail(item):
        if item:
            raise EngineError(f"no {item}", hint=f"hint {item}")

    with pytest.raises(EngineError, match="no b"):
        together(["", "b"], fail, 4)
    with pytest.raises(StepFailed, match="2 containers failed") as caught:
        together(["", "b", "c"], fail, 4)
    assert all(word in str(caught.value) for word in ("no b", "hint b", "no c", "hint c"))


def test_what_was_not_begun_is_no_failure_of_its_own():
    gateway, begun = Gateway(Heard().events()), []

    def do(item):
        gateway.do("create", item, "", lambda: act(item))

    def act(item):
        begun.append(item)
        raise StepFailed(f"{item} is bad")

    with pytest.raises(StepFailed, match="a is bad"):
        together(["a", "b", "c"], do, 1)
    assert begun == ["a"]


def test_a_mistake_of_the_program_is_not_hidden_behind_a_users():
    def fail(item):
        raise StepFailed("user's") if item else ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        together([1, 0], fail, 2)

"""What containers of one node say of each other."""

import pytest

from treadle.errors import PlanError
from treadle.plan.containers import parse_container
from treadle.plan.references import check_references


def check(*placed):
    """Each as (step, name, entry)."""
    steps = {}
    for step, name, entry in placed:
        steps.setdefault(step, {})[name] = parse_container(name, {"image": "i", **entry}, "s")
    check_references(steps, lambda step, name: f"step_{step}.{name}")


DB = (2, "db", {"start_order": 1})


@pytest.mark.parametrize("entry", [
    {"action": "exec", "command": "db true"}, {"net": "container:db"}, {"ipc": "container:db"},
    {"pid": "container:db"}, {"volumes_from": ["db:ro"]},
])
def test_the_other_is_started_before(entry):
    check(DB, (3, "c", entry))
    check(DB, (2, "c", {**entry, "start_order": 2}))
    for place in ((2, "c", {**entry, "start_order": 1}), (2, "c", entry), (1, "c", {**entry, "start_order": 5})):
        with pytest.raises(PlanError, match=r"step_\d\.c\.\w+: db \(step 2, start_order 1\) is not started before c "):
            check(DB, place)


@pytest.mark.parametrize(("entry", "said"), [
    ({"action": "exec", "command": "onze true"}, r"c\.command: there is no container onze .*did you mean once\?"),
    ({"net": "container:x"}, r"c\.net: there is no container x on the node"),
    ({"volumes_from": ["x"]}, r"c\.volumes_from: there is no container x"),
    ({"drain": {"command": "true", "container": "x"}}, r"c\.drain\.container: there is no container x"),
    ({"action": "exec", "command": "once true"}, r"c\.command: once does not stay"),
    ({"pid": "container:once"}, r"c\.pid: once does not stay"),
    ({"volumes_from": ["trace"]}, r"c\.volumes_from: trace does not stay"),
    ({"action": "exec", "command": "run true"}, r"c\.command: run does not stay"),
])
def test_the_other_is_there_and_stays(entry, said):
    others = [(1, "once", {"detach": False}), (1, "trace", {"detach": False, "remove": True}), DB,
              (3, "run", {"action": "exec", "command": "db true"})]
    with pytest.raises(PlanError, match=said):
        check(*others, (4, "c", entry))


def test_mounts_of_one_that_ended_can_be_had_and_a_later_one_can_be_drained():
    check((1, "once", {"detach": False}), (2, "c", {"volumes_from": ["once"]}))
    check((1, "c", {"drain": {"command": "true", "container": "proxy"}}), (4, "proxy", {}))

"""Which nodes and containers a service verb means; what names none is refused with what there is."""

import re

import pytest

from tests.support import node, node_plan
from treadle.errors import InputError
from treadle.node.service import containers_of, services
from treadle.rollout.service import chosen, targets

OWNERS = {"container api": "cinder_api", "container cron": "cinder_api", "container db": "mysql"}
CONTAINERS = {1: {"db": {"image": "i"}, "init": {"image": "i", "detach": False}},
              4: {"cron": {"image": "i", "start_order": 2}, "api": {"image": "i", "start_order": 1},
                  "task": {"action": "exec", "command": ["db", "true"]}, "own": {"image": "i"}}}
PLANS = [node_plan(CONTAINERS, node=f"c-{n}", owners=OWNERS) for n in (0, 1)] + [
    node_plan({1: {"agent": {"image": "i"}}}, node="n-0", role="Compute", owners={"container agent": "nova"})]
NODES = {"c-0": node("c-0", region="north", aggregate="big"), "c-1": node("c-1", region="south"),
         "n-0": node("n-0", "Compute", region="south", aggregate="south", hardware="gpu")}


@pytest.mark.parametrize(("names", "group", "expected"), [
    ([], "", ["c-0", "c-1", "n-0"]), (["c-1"], "", ["c-1"]), (["n-0", "c-0"], "", ["c-0", "n-0"]),
    ([], "Compute", ["n-0"]), ([], "role=Controller", ["c-0", "c-1"]), ([], "north", ["c-0"]),
    ([], "region=south", ["c-1", "n-0"]), ([], "aggregate=south", ["n-0"]), ([], "gpu", ["n-0"]),
    (["c-1"], "region=south", ["c-1"]), (["c-0"], "region=south", []),
])
def test_chosen(names, group, expected):
    assert [plan.node for plan in chosen(PLANS, NODES, names, group)] == expected


@pytest.mark.parametrize(("names", "group", "words"), [
    (["c-2"], "", "--node: no node is called c-2 (did you mean c-1?)"),
    ([], "west", "no node is in the group west"), ([], "nort", "(did you mean north?)"),
    ([], "region=gpu", "no node is in the group region=gpu"), ([], "rol=Compute", "(did you mean role?)"),
    ([], "south", "more than one group"), ([], "west", "groups of the stack: aggregate=big"),
])
def test_no_node(names, group, words):
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        chosen(PLANS, NODES, names, group)
        raise AssertionError
    assert caught.value.hint


def test_roles_are_known_without_a_nodes_file():
    assert [plan.node for plan in chosen(PLANS, {}, [], "Compute")] == ["n-0"]


def test_services_have_the_containers_that_stay_in_their_order():
    assert services(PLANS[0]) == {"mysql": ["db"], "own": ["own"], "cinder_api": ["api", "cron"]}


@pytest.mark.parametrize(("service", "expected"), [
    ("cinder_api", ["api", "cron"]), ("cron", ["cron"]), ("own", ["own"]), ("init", []), ("task", []), ("nova", [])])
def test_a_service_or_a_container(service, expected):
    assert containers_of(PLANS[0], service) == expected


def test_targets_are_where_it_is():
    assert [(t.plan.node, t.names) for t in targets(PLANS, "mysql", named=False)] == [("c-0", ["db"]), ("c-1", ["db"])]


@pytest.mark.parametrize(("service", "named", "words"), [
    ("mysq", False, "no service or container on c-0, c-1, n-0 is called mysq (did you mean mysql?)"),
    ("mysql", True, "no service or container on n-0 is called mysql"),
])
def test_nowhere(service, named, words):
    with pytest.raises(InputError, match=re.escape(words)):
        targets(PLANS, service, named=named)

"""Nodes come, go and are replaced: what the others are told of them, and who begins clusters, stays true."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.test_build import KEYSTONE, MYSQL, cloud
from tests.support import node, node_plan
from treadle.errors import InputError
from treadle.plan.build import build
from treadle.plan.nodes import Ssh
from treadle.rollout import fleet
from treadle.rollout.drain import alone, order
from treadle.rollout.state import StackState

ROLES = ["Controller", "Compute"]
KNOWN = [node("c-0", address="192.0.2.1"), node("c-1", address="192.0.2.2"), node("n-0", "Compute", "192.0.2.11"),
         node("c-2", address="192.0.2.3"), node("n-1", "Compute", "192.0.2.12")]


def names(nodes):
    return " ".join(one.name for one in nodes)


def test_added_nodes_come_behind_those_that_are_there():
    new = [node("n-2", "Compute", "192.0.2.13"), KNOWN[1], node("c-3", address="192.0.2.4")]
    assert names(fleet.added(KNOWN, new, ROLES)) == "c-0 c-1 n-0 c-2 n-1 n-2 c-3"
    assert fleet.added(fleet.added(KNOWN, new, ROLES), new, ROLES) == fleet.added(KNOWN, new, ROLES)


@pytest.mark.parametrize(("new", "said"), [
    (node("c-1", address="192.0.2.9"), "NODES_FILE: c-1 is a node of this stack already, and another one"),
    (node("n-2", "Compute", "192.0.2.1"), "c-0 has the address 192.0.2.1 already"),
    (node("n-2", "Storage", "192.0.2.9"), "no role is called Storage"),
])
def test_what_cannot_be_added(new, said):
    with pytest.raises(InputError, match=re.escape(said)):
        raise AssertionError(fleet.added(KNOWN, [new], ROLES))


def test_removed_nodes_free_their_place():
    assert names(fleet.removed(KNOWN, ["c-0", "n-1"], ROLES)) == "c-1 n-0 c-2"
    with pytest.raises(InputError, match="names no node"):
        fleet.removed(KNOWN, [one.name for one in KNOWN], ROLES)
    with pytest.raises(InputError, match=re.escape("NODE: no node is called c-9 (did you mean c-2?)")):
        fleet.require(KNOWN, ["c-0", "c-9"])


@pytest.mark.parametrize(("name", "role", "order"), [
    ("c-1", "Controller", "c-0 c-1 n-0 c-2 n-1"), ("n-1", "Compute", "c-0 c-1 n-0 c-2 n-1"),
    ("c-0", "Controller", "c-1 n-0 c-2 c-0 n-1"), ("n-0", "Compute", "c-0 c-1 c-2 n-1 n-0"),
])
def test_a_replaced_node_keeps_its_place_unless_it_was_the_first_of_its_role(name, role, order):
    made = fleet.replaced(KNOWN, node(name, role, "192.0.2.99", ssh=Ssh("root")), ROLES)
    assert names(made) == order
    assert next(one for one in made if one.name == name).address == "192.0.2.99"


def test_the_only_node_of_a_role_keeps_its_place():
    made = fleet.replaced([KNOWN[0], KNOWN[2]], node("c-0", address="192.0.2.99"), ROLES)
    assert names(made) == "c-0 n-0"
    with pytest.raises(InputError, match="c-0 has the role Controller, its replacement Compute"):
        fleet.replaced(KNOWN, node("c-0", "Compute", "192.0.2.99"), ROLES)


def data(nodes, skipped=()):
    both = {"RoleData": {"Controller": [KEYSTONE, MYSQL], "Compute": [{"service_name": "timezone"}]}}
    return {plan.node: plan for plan in build(cloud(nodes=nodes, outputs=both, skipped=frozenset(skipped)))}


@given(st.permutations(range(5)), st.sets(st.sampled_from(["c-0", "c-1", "c-2", "n-0"]), max_size=3))
def test_data_names_every_node_of_the_stack_and_no_other(permuted, changed):
    """TripleO's RoleNetIpMap, HostnameMap and enabled services, as hiera data: whatever came, went or is skipped."""
    nodes = [KNOWN[at] for at in permuted]
    for name in sorted(changed - {"n-0"}):
        nodes = fleet.replaced(nodes, node(name, address=f"198.51.100.{len(name)}{name[-1]}"), ROLES)
        assert next(one for one in nodes if one.role == "Controller").name != name, "an empty machine begins nothing"
    if "n-0" in changed:
        nodes = fleet.removed(nodes, ["n-0"], ROLES)
    controllers = [one for one in nodes if one.role == "Controller"]
    plans = data(nodes)
    for plan in plans.values():
        everyone = plan.hieradata["all_nodes"]
        assert everyone["mysql_short_node_names"] == [one.name for one in controllers]
        assert everyone["mysql_node_ips"] == [one.address for one in controllers]
        known = {alias for entry in everyone["treadle_hosts"].values() for alias in entry["host_aliases"]}
        assert known >= {one.name for one in nodes} and ("n-0" in known) == ("n-0" not in changed)
    assert sum(len(plan.docker_puppet_tasks[3]) for plan in plans.values()) == 1
    first = plans[controllers[0].name].hieradata["bootstrap_node"]
    assert first["bootstrap_nodeid"] == first["mysql_short_bootstrap_node_name"] == controllers[0].name
    skipped = data(nodes, [controllers[0].name])
    assert skipped[controllers[1].name].hieradata == plans[controllers[1].name].hieradata
    assert len(skipped[controllers[1].name].docker_puppet_tasks[3]) == 1


def test_what_is_leaving_is_remembered_and_what_was_known_of_a_machine_forgotten(tmp_path):
    state = StackState(tmp_path, "s")
    machine = fleet.Leaving(KNOWN[0], node_plan({3: {"a": {"image": "i"}}}, node="c-0"), ["/var/lib/a"])
    assert fleet.leaving(state) == []
    fleet.remember_leaving(state, [machine])
    assert fleet.leaving(state) == [machine]
    fleet.remember_leaving(state, [])
    assert fleet.leaving(state) == []
    for what in ("host-prep", "folders", "held"):
        state.remember(what, {"c-0": {}, "c-1": {}})
    state.node_log("c-0").parent.mkdir()
    state.node_log("c-0").write_text("old\n")
    fleet.forget_machine(state, "c-0")
    assert [state.recall(what) for what in ("host-prep", "folders", "held")] == [{"c-1": {}}] * 3
    assert not state.node_log("c-0").exists()


LB = {"image": "i", "node_drain": {"where": "all", "command": "away {node}"}}
VIP = {"image": "i", "node_drain": {"stop": True}}


def test_who_keeps_work_away_from_a_node():
    plans = [node_plan({1: {"lb": LB, "vip": VIP}}, node="c-0"), node_plan({1: {"lb": LB, "vip": VIP}}, node="c-1"),
             node_plan({1: {"agent": {"image": "i"}}}, node="n-0"), node_plan({1: {"only": VIP}}, node="n-1")]
    assert [plan.node for plan in order(plans, "c-0")] == ["c-1", "c-0"]
    assert [plan.node for plan in order(plans, "n-0")] == ["c-0", "c-1", "n-0"]
    assert alone(plans, "c-0") == [] and alone(plans, "n-1") == ["only"]

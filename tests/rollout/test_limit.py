"""Patterns in, nodes out: as Ansible reads them; what finds nothing is refused, never a narrower or wider choice."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import node, node_plan
from treadle.errors import InputError
from treadle.rollout.limit import Member, limited, members, members_of, narrowed

KNOWN = [Member("controller-0", "Controller", ("north",)), Member("controller-1", "Controller", ("south",)),
         Member("controller-2", "Controller", ("south",)), Member("compute-0", "Compute", ("north", "gpu")),
         Member("compute-1", "Compute", ("south",)), Member("store", "Storage")]
ALL = [member.name for member in KNOWN]


def short(names):
    return "".join({"controller": "C", "compute": "n", "store": "s"}[name.partition("-")[0]]
                   + name.partition("-")[2] + " " for name in ALL if name in names).strip()


@pytest.mark.parametrize(("pattern", "expected"), [
    ("all", "C0 C1 C2 n0 n1 s"), ("*", "C0 C1 C2 n0 n1 s"), ("store", "s"), ("Controller", "C0 C1 C2"),
    ("compute-*", "n0 n1"), ("compute-0,store", "n0 s"), ("compute-0:store", "n0 s"), ("!store", "C0 C1 C2 n0 n1"),
    ("Controller,!controller-1", "C0 C2"), ("!controller-1,Controller", "C0 C2"), ("Controller:&south", "C1 C2"),
    ("south,&Compute", "n1"), ("&north", "C0 n0"), ("~compute-[01]$", "n0 n1"), ("~.*-0", "C0 n0"), ("?to*", "s"),
    ("Controller[0]", "C0"), ("Controller[-1]", "C2"), ("Controller[0:1]", "C0 C1"), ("Controller[1:]", "C1 C2"),
    ("Controller[0-1],gpu", "C0 C1 n0"), ("Controller[0:1]:!south", "C0"), ("C*", "C0 C1 C2 n0 n1"),
    ("compute-0, store", "n0 s"), ("Controller,!Controller", ""),
])
def test_limit(pattern, expected):
    assert short(limited(KNOWN, pattern)) == expected


@pytest.mark.parametrize(("pattern", "said"), [
    ("compute-9", "compute-9 is no node, role or group of this stack (did you mean compute-1?)"),
    ("controller", "controller is no node, role or group of this stack (did you mean"),
    ("Controller,!compute-7", "compute-7 is no node"), ("Controller[3]", "Controller[3] is no node"),
    ("x*", "x* is no node"), ("a,,b", "'a,,b' has an empty term"), ("!", "'!' has an empty term"),
    ("~(", "( is no regular expression"),
])
def test_what_finds_nothing_is_refused(pattern, said):
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        limited(KNOWN, pattern)
    assert caught.value.key == "--limit"


@pytest.mark.parametrize(("options", "expected"), [
    ({}, "C0 C1 C2 n0 n1 s"), ({"roles": ["Compute"]}, "n0 n1"), ({"roles": ["Compute,Storage"]}, "n0 n1 s"),
    ({"roles": ["Compute", "Storage"], "limit": "!compute-0"}, "n1 s"),
    ({"skip": ["store", "compute-1"]}, "C0 C1 C2 n0"),
    ({"limit": "south", "roles": ["Controller"], "skip": ["controller-1"]}, "C2"),
])
def test_all_options_must_agree(options, expected):
    assert short(narrowed(KNOWN, **options)) == expected


@pytest.mark.parametrize(("options", "said"), [
    ({"roles": ["Computer"]}, "--roles: no node has the role Computer (did you mean Compute?)"),
    ({"skip": ["stor"]}, "--skip: no node is called stor (did you mean store?)"),
    ({"skip": ALL}, "--skip: no node is left"), ({"limit": "store", "skip": ["store"]}, "--limit: no node is left"),
    ({"limit": "compute-*", "roles": ["Storage"]}, "--limit: no node is left"),
])
def test_no_choice(options, said):
    with pytest.raises(InputError, match=re.escape(said)):
        raise AssertionError(narrowed(KNOWN, **options))


def test_members_know_the_scopes_of_the_nodes_file():
    nodes = [node("a", zone="z", region="r"), node("b", "Compute")]
    assert members_of(nodes) == [Member("a", "Controller", ("r", "z")), Member("b", "Compute")]
    plans = [node_plan(node="a"), node_plan(node="gone", role="Compute")]
    assert members(plans, {"a": nodes[0]}) == [Member("a", "Controller", ("r", "z")), Member("gone", "Compute")]


@given(st.lists(st.sampled_from(["Controller", "compute-*", "store", "all", "&south", "&Compute", "!store", "!north",
                                 "!compute-1", "Controller[0]"]), min_size=1, max_size=5))
def test_the_order_of_terms_does_not_matter(terms):
    assert limited(KNOWN, ",".join(terms)) == limited(KNOWN, ",".join(reversed(terms)))

"""Which node of a Galera cluster begins it, joins it, or waits."""

import os
import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "docker/services/mysql-galera.py"))
Node, decide = SCRIPT["Node"], SCRIPT["decide"]
ONE, TWO, THREE = ADDRESSES = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
NEW, FULL, IN, APART, STARTING = Node(), Node(data=True), Node("member"), Node("apart"), Node("starting")


def at(seqno, *, cluster="c", safe=False):
    return Node(cluster=cluster, seqno=seqno, safe=safe, data=True)


@pytest.mark.parametrize(("nodes", "does"), [
    # A new cluster: the first begins, once all are there.
    ((NEW, NEW, NEW), "begin wait wait"),
    ((NEW, None, NEW), "wait ----- wait"),
    ((STARTING, NEW, NEW), "----- wait wait"),
    ((IN, NEW, NEW), "----- join join"),
    # A database of one node becomes a cluster; of two, only people know which to keep.
    ((NEW, FULL, NEW), "wait begin wait"),
    ((FULL, FULL, NEW), "wait wait wait"),
    # All were stopped, or lost their power.
    ((at(5), at(7), at(6)), "wait begin wait"),
    ((at(7), at(7), at(7, safe=True)), "wait wait begin"),
    ((at(7), at(7), at(7)), "begin wait wait"),
    # What a node does not know of itself might be more.
    ((at(-1), at(4), at(3)), "wait wait wait"),
    # The one that is missing may have more, or go on without these.
    ((at(7), at(7), None), "wait wait -----"),
    ((at(7, safe=True), None, None), "wait ----- -----"),
    # A new node, even the first, never begins where another one has data.
    ((NEW, at(7), at(6)), "wait begin wait"),
    ((NEW, IN, IN), "join ----- -----"),
    ((NEW, IN, None), "join ----- -----"),
    # Those that lost each other come together by themselves.
    ((at(7), APART, None), "join ----- -----"),
    ((at(9), APART, IN), "join ----- -----"),
    # Nodes of two clouds.
    ((at(7), at(9, cluster="d"), NEW), "wait wait wait"),
])
def test_a_cluster_is_begun_once_and_by_the_node_that_knows_most(nodes, does):
    seen = dict(zip(ADDRESSES, nodes, strict=True))
    for address, wanted in zip(ADDRESSES, does.split(), strict=True):
        if wanted != "-----":
            assert decide(address, seen)[0] == wanted, decide(address, seen)


def test_who_waits_says_for_whom_and_what_to_do():
    said = decide(ONE, {ONE: at(7), TWO: None, THREE: None})[1]
    assert f"{TWO}, {THREE}" in said and "mysql_galera bootstrap" in said
    assert "different clusters" in decide(ONE, {ONE: at(1), TWO: at(1, cluster="d")})[1]


@pytest.mark.parametrize(("others", "does"), [
    ((None, None), "begin"), ((at(3), None), "begin"), ((APART, None), "begin"), ((IN, None), "join"),
    ((STARTING, None), "wait"),
])
def test_an_operator_may_begin_without_those_that_are_gone_but_no_second_cluster(others, does):
    assert decide(ONE, {ONE: at(3), TWO: others[0], THREE: others[1]}, wanted=True)[0] == does


nodes = st.builds(Node, st.sampled_from(["waiting", "starting", "apart", "member"]), st.booleans(),
                  st.sampled_from(["", "c", "d"]), st.integers(-1, 3), st.booleans(), st.booleans())


@given(st.lists(nodes, min_size=1, max_size=5), st.data())
def test_whatever_nodes_see_never_do_two_of_them_begin(given_nodes, data):
    """Each may fail to hear some of the others."""
    real = {f"192.0.2.{number}": node for number, node in enumerate(given_nodes)}
    waiting = [address for address, node in real.items() if node.state == "waiting"]
    begin = []
    for own in waiting:
        heard = {address: node if address == own or data.draw(st.booleans()) else None
                 for address, node in real.items()}
        if decide(own, heard)[0] == "begin":
            begin.append(own)
    assert len(begin) <= 1
    if begin:
        assert len(waiting) == len(real), "somebody's server runs"
        assert all(node.seqno <= real[begin[0]].seqno for node in real.values() if node.cluster)


@given(st.lists(nodes.filter(lambda node: node.state == "waiting"), min_size=1, max_size=5))
def test_when_all_hear_all_one_begins_or_all_say_why_not(given_nodes):
    seen = {f"192.0.2.{number}": node for number, node in enumerate(given_nodes)}
    done = [decide(own, seen) for own in seen]
    if "begin" not in {what for what, _ in done}:
        assert all("mysql_galera bootstrap" in why for _, why in done)


def test_a_node_that_ended_in_no_order_asks_the_server_how_far_its_data_are(tmp_path, monkeypatch):
    cluster = "8f1c5a9e-0000-11ef-8000-0242ac110002"
    server = tmp_path / "mariadbd"
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    said = "2026-11-22  3:53:21 0 [Note] WSREP: Recovered position: {}:3"
    # As the server: a log's name without a suffix gets one.
    server.write_text('#!/bin/sh\nlog=${2#--log-error=}\ncase $log in *.*) ;; *) log=$log.err ;; esac\n'
                      f'echo "{said.format(cluster)}" >>"$log"\n')
    server.chmod(0o755)
    assert SCRIPT["recovered"](cluster) == 3
    assert SCRIPT["recovered"](cluster.replace("8", "9")) == -1


def test_what_the_data_folder_says(tmp_path, monkeypatch):
    state = "# GALERA saved state\nversion: 2.1\nuuid:    {}\nseqno:   {}\nsafe_to_bootstrap: {}\n"
    stored = SCRIPT["stored"]
    monkeypatch.setitem(stored.__globals__, "DATA", tmp_path)
    (tmp_path / "mysql").mkdir()
    assert stored() == Node()
    (tmp_path / "keystone").mkdir()
    assert stored() == Node(data=True)
    (tmp_path / "grastate.dat").write_text(state.format("8f1c5a9e-0000-11ef-8000-0242ac110002", 42, 1))
    assert stored() == Node(cluster="8f1c5a9e-0000-11ef-8000-0242ac110002", seqno=42, safe=True, data=True)
    (tmp_path / "grastate.dat").write_text(state.format("00000000-0000-0000-0000-000000000000", -1, 0))
    assert stored() == Node(data=True)

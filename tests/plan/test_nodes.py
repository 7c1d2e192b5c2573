"""The nodes file: checked against the roles, each mistake named by its place."""

import pytest

from treadle.errors import InputError
from treadle.plan.nodes import Node, Ssh, membership, parse_nodes, require_counts

GOOD = {"name": "node-0", "role": "Controller", "address": "192.0.2.1"}


def parse(*entries):
    return parse_nodes({"nodes": list(entries)}, file="nodes.yaml", roles=["Controller", "Compute"])


def test_nodes_keep_their_order_and_networks():
    found = parse({**GOOD, "networks": {"internal_api": "198.51.100.1"}},
                  {"name": "c0", "role": "Compute", "address": "2001:db8::1"})
    assert [node.name for node in found] == ["node-0", "c0"]
    assert (found[0].ip("internal_api"), found[0].ip("storage")) == ("198.51.100.1", "192.0.2.1")
    assert found[1] == Node("c0", "Compute", "2001:db8::1")


@pytest.mark.parametrize(("document", "said"), [
    (None, "nodes.yaml: nodes: expected a mapping with a list `nodes`"),
    ([GOOD], "nodes.yaml: nodes: expected a mapping"),
    ({"nodes": {}}, "expected a mapping with a list `nodes`"),
    ({"nodes": []}, "nodes: the file names no node"),
    ({"nodes": ["node-0"]}, r"nodes\[0\]: .*got `str`"),
    ({"nodes": [{**GOOD, "adress": "x"}]}, r"nodes\[0\]\.adress: .*did you mean address\?"),
    ({"nodes": [{"name": "a", "role": "Controller"}]}, r"nodes\[0\]: .*`address`"),
    ({"nodes": [{**GOOD, "role": "Controler"}]}, r"nodes\[0\]\.role: .*did you mean Controller\?"),
    ({"nodes": [{**GOOD, "address": "host.example"}]}, r"nodes\[0\]\.address: 'host.example' is no IP address"),
    ({"nodes": [{**GOOD, "networks": {"storage": "10.0.0"}}]}, r"nodes\[0\]\.storage: '10.0.0' is no IP"),
    ({"nodes": [GOOD, {**GOOD, "address": "192.0.2.2"}]}, r"nodes\[1\]\.name: two nodes are called node-0"),
    ({"nodes": [GOOD, {**GOOD, "name": "node-1"}]}, r"nodes\[1\]\.address: node-0 has the address 192.0.2.1 already"),
    ({"nodes": [{**GOOD, "connection": "telnet"}]}, r"nodes\[0\]: .*Invalid enum value 'telnet'"),
    ({"nodes": [{**GOOD, "connection": "local", "ssh": {"user": "a"}}]}, r"nodes\[0\]\.connection: .*not reached over"),
    ({"nodes": [{**GOOD, "connection": "local", "become": True}]}, r"nodes\[0\]\.connection: .*not reached over SSH"),
    ({"nodes": [{**GOOD, "ssh": {"usr": "a"}}]}, r"nodes\[0\]\.ssh\.usr: .*did you mean user\?"),
    ({"nodes": [{**GOOD, "ssh": "root@there"}]}, r"nodes\[0\]: .*got `str`"),
    ({"nodes": [{**GOOD, "ssh": {"port": 70000}}]}, r"nodes\[0\]\.ssh\.port: 70000 is no port"),
    ({"nodes": [{**GOOD, "ssh": {"user": "-oProxyCommand=x"}}]}, r"nodes\[0\]\.ssh\.user: .* is an option"),
    ({"nodes": [{**GOOD, "ssh": {"key": "/no/such/key"}}]}, r"nodes\[0\]\.ssh\.key: there is no file /no/such/key"),
    ({"nodes": [{**GOOD, "name": "../etc"}]}, r"nodes\[0\]\.name: '../etc' is no host name"),
])
def test_what_may_not_be_is_named(document, said):
    with pytest.raises(InputError, match=said):
        parse_nodes(document, file="nodes.yaml", roles=["Controller", "Compute"])


def test_a_node_is_reached_over_ssh_where_it_says_how(tmp_path):
    key = tmp_path / "key"
    key.touch()
    found = parse(GOOD, {**GOOD, "name": "a", "address": "192.0.2.2", "connection": "ssh"},
                  {**GOOD, "name": "b", "address": "192.0.2.3", "become": True, "zone": "z1",
                   "ssh": {"user": "admin", "key": str(key), "port": 2222}})
    assert [node.remote for node in found] == [False, True, True]
    assert found[2].ssh == Ssh("admin", str(key), 2222) and membership(found[2]) == {"zone": "z1", "host": "b"}


def test_a_role_that_is_to_have_nodes_has_one():
    nodes = parse(GOOD)
    require_counts(nodes, {"Controller": 3, "Compute": 0, "Storage": None})
    with pytest.raises(InputError, match=r"nodes: the role Compute has no node\n.*set ComputeCount: 0"):
        require_counts(nodes, {"Controller": 1, "Compute": 1})

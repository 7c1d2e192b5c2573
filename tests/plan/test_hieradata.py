"""The hiera layers of a node: who runs what where, by which address and name."""

import pytest

from tests.support import node
from treadle.plan import hieradata
from treadle.plan.roledata import merge

ROLES = {
    "Controller": merge("Controller", [{"service_name": "keystone"}, {"service_name": "nova-api"}]),
    "Compute": merge("Compute", [{"service_name": "nova_compute"}, {"service_name": "keystone"}]),
    "Spare": merge("Spare", [{"service_name": "nobody"}]),
}
NODES = [node("ctl", networks={"internal_api": "10.0.0.1"}), node("cmp", "Compute", "192.0.2.2")]
NET = {"keystone": "internal_api"}


def test_hierarchy_begins_with_the_step_and_ends_with_addresses():
    layers = hieradata.hierarchy("Controller")
    assert layers[:3] == ["docker_puppet", "config_step", "controller_extraconfig"]
    assert layers.index("extraconfig") < layers.index("service_configs") < layers.index("net_ip_map")


def test_net_ip_map():
    layer = hieradata.net_ip_map(node("n", address="2001:db8::1", networks={"internal_api": "10.0.0.1"}),
                                 ["ctlplane", "internal_api"], "example.org")
    assert layer == {
        "ctlplane": "2001:db8::1", "ctlplane_uri": "[2001:db8::1]", "fqdn_ctlplane": "n.ctlplane.example.org",
        "internal_api": "10.0.0.1", "internal_api_uri": "10.0.0.1", "fqdn_internal_api": "n.internalapi.example.org",
        "fqdn_canonical": "n.example.org", "fqdn_external": "n.example.org", "loopback": "127.128.0.1"}


@pytest.mark.parametrize(("address", "own"), [
    ("192.0.2.10", "127.128.2.10"), ("172.30.190.11", "127.158.190.11"), ("127.0.24.1", "127.128.24.1"),
    ("127.128.24.1", "127.0.24.1"), ("2001:db8::a0b:c", "127.139.0.12"),
])
def test_what_only_the_node_reaches_has_an_address_that_no_other_node_of_the_machine_has(address, own):
    assert hieradata.loopback(address) == own != address


def test_a_setting_that_names_a_network_becomes_the_address_on_it():
    role = merge("R", [{"config_settings": {"bind": "internal_api", "deep": {"bind": "internal_api"}, "n": 1}}])
    layer = hieradata.service_configs(role, {"n": 2, "m": "ctlplane"}, {"internal_api": "10.0.0.1", "ctlplane": "x"})
    assert layer == {"bind": "10.0.0.1", "deep": {"bind": "internal_api"}, "n": 2, "m": "x"}


@pytest.mark.parametrize(("key", "value"), [
    ("keystone_enabled", True), ("keystone_node_ips", ["10.0.0.1", "192.0.2.2"]),
    ("keystone_node_names", ["ctl.internalapi", "cmp.internalapi"]), ("keystone_short_node_names", ["ctl", "cmp"]),
    ("nova_api_node_ips", ["192.0.2.1"]), ("nova_compute_short_node_names", ["cmp"]),
    ("controller_node_ips", "192.0.2.1,192.0.2.3"), ("controller_node_names", "ctl,other"),
])
def test_all_nodes(key, value):
    nodes = [*NODES, node("other", address="192.0.2.3")] if key.startswith("controller_") else NODES
    assert hieradata.all_nodes(nodes, ROLES, NET, "Controller")[key] == value


def test_a_service_of_a_role_without_nodes_is_not_enabled():
    assert "nobody_enabled" not in hieradata.all_nodes(NODES, ROLES, NET, "Controller")


def test_bootstrap_is_the_first_of_the_role_and_of_each_service_in_the_cluster():
    layer = hieradata.bootstrap(NODES, NODES[1], ROLES)
    assert layer == {"bootstrap_nodeid": "cmp", "bootstrap_nodeid_ip": "192.0.2.2",
                     "keystone_short_bootstrap_node_name": "ctl", "nova_api_short_bootstrap_node_name": "ctl",
                     "nova_compute_short_bootstrap_node_name": "cmp"}


def test_vips():
    layer = hieradata.vip_data({"ctlplane": "1.1.1.1", "internal_api": "2.2.2.2"}, ROLES, NET)
    assert (layer["keystone_vip"], layer["nova_api_vip"]) == ("2.2.2.2", "1.1.1.1")
    assert (layer["internal_api_virtual_ip"], layer["public_virtual_ip"]) == ("2.2.2.2", "1.1.1.1")


def test_hosts_have_one_entry_an_address():
    layer = hieradata.hosts(NODES, ["internal_api"], {"external": "203.0.113.1", "internal_api": "203.0.113.1"},
                            {"external": "cloud.example.org", "internal_api": "api.example.org", "storage": "no"},
                            "example.org")
    assert layer == {"treadle_hosts": {
        "ctl.example.org": {"ip": "192.0.2.1", "host_aliases": ["ctl", "ctl.ctlplane.example.org", "ctl.ctlplane"]},
        "ctl.internalapi.example.org": {"ip": "10.0.0.1", "host_aliases": ["ctl.internalapi"]},
        "cmp.example.org": {"ip": "192.0.2.2", "host_aliases": [
            "cmp", "cmp.ctlplane.example.org", "cmp.ctlplane", "cmp.internalapi.example.org", "cmp.internalapi"]},
        "cloud.example.org": {"ip": "203.0.113.1", "host_aliases": ["api.example.org"]}}}

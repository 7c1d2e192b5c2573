"""A whole small cloud in, one plan a node out."""

import copy

import msgspec
import pytest

from tests.support import KEY, node
from treadle.errors import PlanError
from treadle.plan.build import Overcloud, build
from treadle.plan.nodeplan import NodePlan, Script

KEYSTONE = {
    "service_name": "keystone",
    "config_settings": {"keystone::bind": "internal_api", "tripleo::keystone::firewall_rules": {
        "111 keystone": {"dport": [5000, "35357", "6000-6100"]}, "udp": {"dport": 53, "proto": "udp"}}},
    "global_config_settings": {"everywhere": 1},
    "service_config_settings": {"mysql": {"keystone::db": "here"}, "absent": {"never": 1}},
    "step_config": "include keystone",
    "puppet_config": {"config_volume": "keystone", "puppet_tags": "keystone_config", "step_config": "include keystone",
                      "config_image": "img/keystone"},
    "kolla_config": {"/var/lib/kolla/config_files/keystone.json": {"command": "run"}},
    "docker_config": {"step_2": {"keystone_db_sync": {"image": "img/keystone", "detach": False}},
                      "step_3": {"keystone": {"image": "img/keystone", "restart": "always"}}, "step_5": None},
    "docker_config_scripts": {"boot.sh": {"mode": "0700", "content": "true\n"}, "plain": {"content": "x"}},
    "docker_puppet_tasks": {"step_3": {"config_volume": "tasks", "step_config": "x", "config_image": "img/tools"}},
    "host_prep_tasks": [{"name": "folder"}],
}
MYSQL = {"service_name": "mysql", "config_settings": {"mysql::port": 3306}}
HOST = {"service_name": "timezone", "step_config": "include timezone"}


def cloud(**changes):
    outputs = {"RoleData": {"Controller": [KEYSTONE, MYSQL, None, HOST], "Compute": [HOST]},
               "ServiceNetMap": {"KeystonePublicApiNetwork": "internal_api", "KeystoneNetwork": "internal_api"},
               "VipMap": {"ctlplane": "192.0.2.100", "internal_api": "10.0.0.100"}, "CloudDomain": "example.org",
               "ExtraConfig": {"all": {"x": 1}, "Controller": {"y": 2}}, **changes.pop("outputs", {})}
    nodes = [node("ctl-0", networks={"internal_api": "10.0.0.1"}), node("ctl-1", address="192.0.2.2"),
             node("cmp-0", "Compute", "192.0.2.3")]
    return Overcloud(**{"stack": "test", "outputs": outputs, "hidden": {"AdminPassword": "s3cret-value"},
                        "nodes": nodes, "puppet_modules": {"treadle/x.pp": "class x {}"}, "fingerprint_key": KEY,
                        **changes})


def with_keystone(**sections):
    return cloud(outputs={"RoleData": {"Controller": [{**copy.deepcopy(KEYSTONE), **sections}], "Compute": []}})


def test_one_plan_a_node_in_the_order_of_the_nodes():
    plans = build(cloud())
    assert [plan.node for plan in plans] == ["ctl-0", "ctl-1", "cmp-0"]
    assert [sorted(plan.docker_config[3]) for plan in plans] == [["keystone"], ["keystone"], []]
    assert [plan.step_config for plan in plans] == ["include timezone"] * 3


def test_same_input_same_bytes():
    assert msgspec.json.encode(build(cloud())) == msgspec.json.encode(build(cloud()))


def test_a_plan_survives_its_journey():
    for plan in build(cloud()):
        assert msgspec.json.decode(msgspec.json.encode(plan), type=NodePlan) == plan


def test_the_plan_of_a_controller():
    plan = build(cloud())[0]
    assert plan.listens == {"keystone": [5000, 35357]}
    assert plan.addresses == ["10.0.0.1", "10.0.0.100", "192.0.2.1", "192.0.2.100"]
    assert plan.scripts == {"boot.sh": Script("true\n", "0700"), "plain": Script("x", "0600")}
    assert plan.secrets == {"AdminPassword": "s3cret-value"}
    assert plan.images() == ["img/keystone", "img/tools"]
    assert sorted(plan.docker_config) == [1, 2, 3, 4, 5]
    assert set(plan.hieradata) | {"docker_puppet", "config_step"} == set(plan.hierarchy)


def test_hiera_of_a_controller_and_of_a_compute():
    controller, _, compute = (plan.hieradata for plan in build(cloud(settings={"ctl-0": {"z": 3}})))
    assert controller["service_configs"] == {**KEYSTONE["config_settings"], "mysql::port": 3306, "everywhere": 1,
                                             "keystone::bind": "10.0.0.1", "keystone::db": "here"}
    assert compute["service_configs"] == {"everywhere": 1}
    assert controller["controller_extraconfig"] == {"y": 2, "z": 3}
    assert compute["compute_extraconfig"] == {} and compute["extraconfig"] == {"x": 1}
    assert controller["all_nodes"]["keystone_node_ips"] == ["10.0.0.1", "192.0.2.2"]
    assert controller["vip_data"]["keystone_vip"] == "10.0.0.100"


def test_tasks_of_updates_come_with_their_shared_files():
    pull = [{"command": "docker pull {{ image }}"}]
    tasks = [{"import_tasks": "update_tasks/pull.yaml", "vars": {"image": "a"}}]
    roles = {"Controller": [{**KEYSTONE, "update_tasks": tasks, "upgrade_tasks": []}], "Compute": [HOST]}
    plans = build(cloud(outputs={"RoleData": roles}, task_files={"update_tasks/pull.yaml": pull}))
    assert [plan.tasks for plan in plans] == [{"update_tasks": [{"vars": {"image": "a"}, "block": pull}]}] * 2 + [{}]


def test_bootstrap_tasks_run_on_one_node_of_the_whole_cluster():
    both = {"RoleData": {"Controller": [KEYSTONE], "Compute": [KEYSTONE]}}
    plans = build(cloud(outputs=both))
    assert [[task.volume for task in plan.docker_puppet_tasks[3]] for plan in plans] == [["tasks"], [], []]


def test_bootstrap_tasks_of_a_role_without_nodes_fall_to_the_next():
    both = {"RoleData": {"Nobody": [KEYSTONE], "Controller": [], "Compute": [KEYSTONE]}}
    assert [len(plan.docker_puppet_tasks[3]) for plan in build(cloud(outputs=both))] == [0, 0, 1]


def test_bootstrap_tasks_of_a_node_that_is_skipped_fall_to_the_next():
    nodes = cloud().nodes
    plans = build(cloud(skipped=frozenset([nodes[0].name])))
    assert [len(plan.docker_puppet_tasks[3]) for plan in plans] == [0, 1, 0]
    assert plans[1].hieradata == build(cloud())[1].hieradata


@pytest.mark.parametrize(("given", "mode"), [("0755", "0755"), ("700", "700"), (0o700, "0700"), (0o644, "0644")])
def test_a_scripts_mode_as_text_or_as_yaml_reads_it(given, mode):
    plan = build(with_keystone(docker_config_scripts={"s": {"content": "x", "mode": given}}))[0]
    assert plan.scripts["s"].mode == mode


@pytest.mark.parametrize(("sections", "said"), [
    ({"docker_config": {"step_9": {}}}, r"docker_config\.step_9: expected step_1 to step_5, got step_9"),
    ({"docker_config": {"step_1": ["a"]}}, r"docker_config\.step_1: expected a map of containers"),
    ({"docker_config": {"step_1": {"a": None}}}, r"docker_config\.step_1\.a: expected a map of container keys"),
    ({"docker_config": {"step_1": {"a": {"image": "i"}}, "step_2": {"a": {"image": "i"}}}},
     r"docker_config\.step_2\.a: the container a stands in step_1 already"),
    ({"docker_puppet_tasks": {"step3": {}}}, r"docker_puppet_tasks\.step3: expected step_1 to step_5"),
    ({"docker_config_scripts": {"s": "true"}}, r"docker_config_scripts\.s: expected a map with content"),
    ({"docker_config_scripts": {"s": {"mode": "0700"}}}, r"docker_config_scripts\.s: expected a map with content"),
    ({"docker_config_scripts": {"s": {"content": "x", "mode": "rwx"}}},
     r"scripts\.s\.mode: expected an octal mode such as '0700', got rwx"),
    ({"puppet_config": {"config_volume": "a/b"}}, r"puppet_config\.config_volume"),
])
def test_what_may_not_be_is_named(sections, said):
    with pytest.raises(PlanError, match=said):
        build(with_keystone(**sections))


def test_an_overcloud_without_role_data_is_an_error():
    with pytest.raises(PlanError, match=r"outputs\.RoleData"):
        build(cloud(outputs={"RoleData": None}))

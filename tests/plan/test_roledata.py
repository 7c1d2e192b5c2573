"""Each section of role_data is merged by TripleO's rule; a section that nobody knows is refused."""

import pytest

from treadle.errors import PlanError
from treadle.plan.roledata import SECTIONS, merge

TASK = {"name": "folder", "file": {"path": "/var/lib/x", "state": "directory"}}


@pytest.mark.parametrize(("section", "first", "second", "merged"), [
    ("service_name", "a", "b", ["a", "b"]),
    ("config_settings", {"x": {"deep": 1}, "y": 1}, {"x": {"other": 2}}, {"x": {"other": 2}, "y": 1}),
    ("global_config_settings", {"x": 1}, {"x": 2}, {"x": 2}),
    ("service_config_settings", {"mysql": {"a": 1}}, {"mysql": {"b": 2}}, {"mysql": {"a": 1, "b": 2}}),
    ("step_config", "include a", "include a", ["include a"]),
    ("puppet_config", {"config_volume": "a"}, {"config_volume": "b"}, [{"config_volume": "a"}, {"config_volume": "b"}]),
    ("puppet_config", {"config_volume": "a"}, {"config_volume": "a"}, [{"config_volume": "a"}]),
    ("kolla_config", {"/k/a.json": {"command": "a"}}, {"/k/a.json": {"permissions": []}},
     {"/k/a.json": {"command": "a", "permissions": []}}),
    ("docker_config", {"step_1": {"a": {"volumes": ["x", "y"], "user": "0"}}},
     {"step_1": {"a": {"volumes": ["y", "z"], "user": "1"}}},
     {"step_1": {"a": {"volumes": ["x", "y", "z"], "user": "1"}}}),
    ("docker_puppet_tasks", {"step_3": {"config_volume": "a"}}, {"step_3": {"config_volume": "b"}},
     {"step_3": [{"config_volume": "a"}, {"config_volume": "b"}]}),
    ("host_prep_tasks", [TASK, {"name": "b"}], [dict(TASK)], [TASK, {"name": "b"}]),
    ("update_tasks", [{"name": "u"}], [{"name": "u"}, {"name": "v"}], [{"name": "u"}, {"name": "v"}]),
    ("workflow_tasks", {"step2": [{"name": "w"}]}, {"step2": [{"name": "v"}]},
     {"step2": [{"name": "w"}, {"name": "v"}]}),
    ("monitoring_subscription", "overcloud-a", "overcloud-b", ["overcloud-a", "overcloud-b"]),
    ("logging_source", {"tag": "a", "path": "/a"}, [{"tag": "b", "path": "/b"}],
     [{"tag": "a", "path": "/a"}, {"tag": "b", "path": "/b"}]),
    ("logging_groups", ["a"], ["a", "b"], ["a", "b"]),
    ("metadata_settings", [{"service": "HTTP"}], [{"service": "HTTP"}], [{"service": "HTTP"}]),
])
def test_two_services_become_one_role(section, first, second, merged):
    assert merge("R", [{section: first}, {section: second}])[section] == merged


def test_every_section_is_there_even_when_nobody_has_it():
    role = merge("R", [{"service_name": "a"}, None, {}])
    assert set(role.sections) == set(SECTIONS)
    assert role.services == ("a",)
    assert role["docker_config"] == {} and role["host_prep_tasks"] == []


@pytest.mark.parametrize("containers", [{"step_1": {}}, {}])
def test_step_config_of_a_containerized_service_stays_out_of_the_host(containers):
    with_containers = {"service_name": "a", "step_config": "include a", "docker_config": containers}
    role = merge("R", [{"service_name": "b", "step_config": "include b"}, with_containers])
    assert role["step_config"] == ["include b"]


def test_owners_name_the_service_of_a_container_and_of_a_volume():
    role = merge("R", [{"service_name": "keystone", "puppet_config": {"config_volume": "keystone"},
                        "docker_config": {"step_3": {"keystone_api": {}}}}])
    assert role.owners == {"volume keystone": "keystone", "container keystone_api": "keystone"}


@pytest.mark.parametrize(("service", "said"), [
    ({"service_name": "k", "docker_confg": {}},
     r"role R\.k\.role_data\.docker_confg: .*did you mean docker_config\?"),
    ({"service_name": "k", "docker_config": ["a"]}, r"role_data\.docker_config: expected a dict, got list"),
    ({"service_name": "k", "logging_source": 3}, r"logging_source: expected a dict or list, got int"),
    ("keystone", r"role R\.role_data: expected each service's role_data"),
])
def test_what_may_not_be_is_named(service, said):
    with pytest.raises(PlanError, match=said):
        merge("R", [service])

"""What environments/docker-ha.yaml makes of HAProxy and the VIPs: Pacemaker's, and nothing of Treadle's."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.services import test_every_service
from tests.services.everything import PROJECT, declared, role_data
from tests.services.test_ha import HA, services
from treadle.heat.files import Files
from treadle.heat.roles import load_roles
from treadle.plan.containers import Container
from treadle.plan.references import check_references
from treadle.plan.taskfiles import inlined
from treadle.rollout.tasks import meant

DOCKER_HA = PROJECT / "environments/docker-ha.yaml"
#: ``{service: its bundle}``
BUNDLES = {"haproxy": "haproxy-bundle", "mysql": "galera-bundle", "rabbitmq": "rabbitmq-bundle"}
#: Where the same service is a container of Treadle.
SAME = ("kolla_config", "puppet_config", "host_prep_tasks", "step_config", "monitoring_subscription")


@cache
def clustered() -> dict[str, dict[str, Any]]:
    return services(str(DOCKER_HA))


def bundle(service: str) -> dict[str, Any]:
    asked: dict[str, Any] = clustered()[service]["service_config_settings"]["pacemaker"]["treadle::pacemaker::bundles"]
    assert set(asked) == {BUNDLES[service]}
    found: dict[str, Any] = asked[BUNDLES[service]]
    return found


def plain(service: str) -> dict[str, Any]:
    found: dict[str, Any] = services(str(HA))[service]["docker_config"]["step_1"][service]
    return found


def of_node(service: str) -> dict[str, dict[str, Any]]:
    """What Treadle runs on a node, by name."""
    return {name: entry for step in clustered()[service]["docker_config"].values() for name, entry in step.items()}


def undrained(data: dict[str, Any]) -> dict[str, Any]:
    steps = {step: {name: {key: value for key, value in entry.items() if key != "drain"}
                    for name, entry in entries.items()} for step, entries in (data.get("docker_config") or {}).items()}
    return {**data, "docker_config": steps}


def test_the_vips_are_pacemakers_and_all_else_is_as_with_keepalived() -> None:
    keepalived = services(str(HA))
    assert set(clustered()) == set(keepalived) - {"keepalived"} | {"pacemaker"}
    assert clustered()["haproxy"]["config_settings"]["treadle::profile::base::haproxy::vips_move"] is True
    same = set(keepalived) - {"keepalived", *BUNDLES}
    assert [name for name in same if undrained(clustered()[name]) != undrained(keepalived[name])] == []


def test_nothing_refers_to_a_container_that_is_pacemakers() -> None:
    steps = {at: {name: msgspec.convert(entry, Container) for data in clustered().values()
                  for name, entry in ((data.get("docker_config") or {}).get(f"step_{at}") or {}).items()}
             for at in range(1, 6)}
    assert set(BUNDLES) & {name for found in steps.values() for name in found} == set()
    check_references(steps, lambda step, name: f"step_{step}.{name}")


@pytest.mark.parametrize("service", BUNDLES)
def test_the_bundle_is_what_the_container_would_be(service: str) -> None:
    wanted = plain(service)
    assert bundle(service)["volumes"] == wanted["volumes"]
    assert bundle(service)["options"] == [*(["--user=root"] if service == "haproxy" else []), "--restart=on-failure",
                                          *(f"--env={one}" for one in wanted["environment"]),
                                          *(f"--ulimit={one}" for one in wanted.get("ulimit", []))]
    assert wanted.get("user") == ("root" if service == "haproxy" else None) and wanted["net"] == "host"
    assert bundle(service)["image"] == f"{wanted['image'].rpartition(':')[0]}:pcmklatest"
    assert bundle(service)["beside_vips"] is (service == "haproxy") and bundle(service)["service"] == service
    assert {key: clustered()[service].get(key) for key in SAME} == {
        key: services(str(HA))[service].get(key) for key in SAME}


def test_files_are_those_that_a_broker_may_have_open() -> None:
    assert "--ulimit=nofile=16384" in bundle("rabbitmq")["options"]


@pytest.mark.parametrize(("service", "reload"), [
    ("haproxy", ["/usr/local/bin/haproxy_control", "reload"]), ("mysql", []), ("rabbitmq", [])])
def test_its_one_shot_sees_what_the_bundle_mounts(service: str, reload: list[str]) -> None:
    entry = of_node(service)[f"{service}_restart_bundle"]
    assert f"{service}_restart_bundle" in clustered()[service]["docker_config"]["step_1"]
    assert (entry["detach"], entry["image"]) == (False, plain(service)["image"])
    assert set(bundle(service)["volumes"]) <= set(entry["volumes"])
    assert entry["command"] == ["chroot", "/host", "/var/lib/docker-config-scripts/bundle_renew", BUNDLES[service],
                                entry["image"], bundle(service)["image"], *reload]


@pytest.mark.parametrize(("service", "name", "command"), [
    ("mysql", "mysql_ready_bundle", "/etc/treadle/healthcheck/mysql"),
    ("rabbitmq", "rabbitmq_password", "/usr/local/bin/rabbitmq_password.sh")])
def test_step_2_goes_on_when_the_bundle_serves(service: str, name: str, command: str) -> None:
    entry = clustered()[service]["docker_config"]["step_2"][name]
    assert entry["command"] == ["chroot", "/host", "/var/lib/docker-config-scripts/bundle_exec", BUNDLES[service],
                                command]
    assert entry["detach"] is False and set(bundle(service)["volumes"]) <= set(entry["volumes"])


def test_the_databases_are_made_once_and_before_that_their_tables() -> None:
    base = services(str(HA))["mysql"]
    assert clustered()["mysql"]["docker_puppet_tasks"] == base["docker_puppet_tasks"]
    assert of_node("mysql")["mysql_bootstrap"] == base["docker_config"]["step_1"]["mysql_bootstrap"]
    assert of_node("mysql")["mysql_restart_bundle"]["start_order"] > of_node("mysql")["mysql_bootstrap"]["start_order"]


@pytest.mark.parametrize("service", BUNDLES)
def test_ports_that_pacemakers_containers_hold_are_not_refused(service: str) -> None:
    assert clustered()[service]["config_settings"][f"tripleo.{service}.firewall_rules"] == {}


def test_an_image_of_a_registry_with_a_port_gets_its_tag(tmp_path: Path) -> None:
    file = tmp_path / "image.yaml"
    file.write_text("parameter_defaults: {DockerHAProxyImage: 'registry.example:5000/kolla/haproxy:2025.2'}\n")
    asked = services(str(DOCKER_HA), str(file))["haproxy"]["service_config_settings"]["pacemaker"]
    assert asked["treadle::pacemaker::bundles"]["haproxy-bundle"]["image"] \
        == "registry.example:5000/kolla/haproxy:pcmklatest"


@pytest.mark.parametrize(("step", "names"), [
    ("1", ["Stop Pacemaker and what it runs here", "Stop corosync"]),
    ("2", ["Image of haproxy-bundle", "Image of galera-bundle", "Image of rabbitmq-bundle"]),
    ("4", ["Start corosync", "Start Pacemaker", "The cluster has a quorum with this node",
           "What it runs here is started"]),
    ("5", ["galera-bundle serves here", "rabbitmq-bundle serves here"]),
])
def test_a_node_leaves_the_cluster_before_its_image_changes(step: str, names: list[str]) -> None:
    files = {str(path.relative_to(PROJECT)): yaml.safe_load(path.read_text())
             for path in (PROJECT / "update_tasks").iterdir()}
    tasks = [task for service in ("pacemaker", *BUNDLES)
             for task in inlined(clustered()[service]["update_tasks"], files, service)]
    found = [one["name"] for task in meant(tasks, {"step": step}) for one in task.get("block", [task])]
    assert [name for name in found if name in names] == names
    assert len(found) == len(names) + (2 * len(BUNDLES) if step == "2" else 0)  # images.yaml has two, once in a role


@pytest.mark.parametrize("role", ["Standalone", "Controller"])
def test_its_update_tasks_come_before_those_that_stop_containers(role: str) -> None:
    order: list[str] = load_roles(PROJECT / f"roles/{role}.yaml", Files())[0]["ServicesDefault"]
    assert [name.rpartition(":")[2] for name in order[:2]] == ["Hosts", "Pacemaker"]


def test_its_secret_is_a_hidden_parameter_that_is_made_up() -> None:
    parameter = declared("puppet/services/pacemaker.yaml")["parameters"]["CorosyncAuthkey"]
    assert parameter["hidden"] is True and "default" not in parameter
    settings = role_data()["OS::TripleO::Services::Pacemaker"]["config_settings"]
    assert len(settings["treadle::profile::base::pacemaker::authkey"]) == 128


@pytest.mark.parametrize("service", BUNDLES)
def test_parameters_of_the_bundle(service: str) -> None:
    test_every_service.test_every_parameter_is_described_and_used(f"docker/services/pacemaker/{service}.yaml")

"""What environments/docker-ha.yaml makes of HAProxy and the VIPs: Pacemaker's, and nothing of Treadle's."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.services import test_every_service
from tests.services.everything import PROJECT, declared, role_data
from tests.services.test_ha import HA, services
from treadle.heat.files import Files
from treadle.heat.roles import load_roles
from treadle.plan.taskfiles import inlined
from treadle.rollout.tasks import meant

DOCKER_HA = PROJECT / "environments/docker-ha.yaml"
TEMPLATE = "docker/services/pacemaker/haproxy.yaml"


@cache
def clustered() -> dict[str, dict[str, Any]]:
    return services(str(DOCKER_HA))


def bundle() -> dict[str, Any]:
    found: dict[str, Any] = clustered()["haproxy"]["service_config_settings"]["pacemaker"][
        "treadle::pacemaker::bundles"]["haproxy-bundle"]
    return found


def test_the_vips_are_pacemakers_and_all_else_is_as_with_keepalived() -> None:
    keepalived = services(str(HA))
    assert set(clustered()) == set(keepalived) - {"keepalived"} | {"pacemaker"}
    assert clustered()["haproxy"]["config_settings"]["treadle::profile::base::haproxy::vips_move"] is True
    same = set(keepalived) - {"keepalived", "haproxy"}
    assert [name for name in same if clustered()[name] != keepalived[name]] == []


def test_the_bundle_is_what_the_container_would_be() -> None:
    plain = services(str(HA))["haproxy"]["docker_config"]["step_1"]["haproxy"]
    assert bundle()["volumes"] == plain["volumes"]
    assert bundle()["options"] == [f"--user={plain['user']}", "--restart=on-failure",
                                   *(f"--env={one}" for one in plain["environment"])]
    assert bundle()["image"] == "treadle/haproxy:pcmklatest" and bundle()["beside_vips"] is True
    assert clustered()["haproxy"]["puppet_config"] == services(str(HA))["haproxy"]["puppet_config"]
    assert clustered()["haproxy"]["kolla_config"] == services(str(HA))["haproxy"]["kolla_config"]


def test_treadle_runs_no_haproxy_and_its_one_shot_sees_what_the_bundle_mounts() -> None:
    (name, entry), = clustered()["haproxy"]["docker_config"]["step_1"].items()
    assert (name, entry["detach"], entry["image"]) == ("haproxy_restart_bundle", False, "treadle/haproxy:2025.1")
    assert set(bundle()["volumes"]) <= set(entry["volumes"])
    assert entry["command"][2:6] == ["/var/lib/docker-config-scripts/bundle_renew", "haproxy-bundle", entry["image"],
                                     bundle()["image"]]


def test_an_image_of_a_registry_with_a_port_gets_its_tag(tmp_path: Path) -> None:
    file = tmp_path / "image.yaml"
    file.write_text("parameter_defaults: {DockerHAProxyImage: 'registry.example:5000/kolla/haproxy:2025.2'}\n")
    asked = services(str(DOCKER_HA), str(file))["haproxy"]["service_config_settings"]["pacemaker"]
    assert asked["treadle::pacemaker::bundles"]["haproxy-bundle"]["image"] \
        == "registry.example:5000/kolla/haproxy:pcmklatest"


@pytest.mark.parametrize(("step", "names"), [
    ("1", ["Stop Pacemaker and what it runs here", "Stop corosync"]),
    ("2", ["HAProxy's image for the bundle"]),
    ("4", ["Start corosync", "Start Pacemaker", "The cluster has a quorum with this node",
           "What it runs here is started"]),
])
def test_a_node_leaves_the_cluster_before_its_image_changes(step: str, names: list[str]) -> None:
    files = {str(path.relative_to(PROJECT)): yaml.safe_load(path.read_text())
             for path in (PROJECT / "update_tasks").iterdir()}
    tasks = [task for service in ("pacemaker", "haproxy")
             for task in inlined(clustered()[service]["update_tasks"], files, service)]
    found = [one["name"] for task in meant(tasks, {"step": step}) for one in task.get("block", [task])]
    assert [name for name in found if name in names] == names
    assert len(found) == len(names) + (2 if step == "2" else 0)  # images.yaml has two


@pytest.mark.parametrize("role", ["Standalone", "Controller"])
def test_its_update_tasks_come_before_those_that_stop_containers(role: str) -> None:
    order: list[str] = load_roles(PROJECT / f"roles/{role}.yaml", Files())[0]["ServicesDefault"]
    assert [name.rpartition(":")[2] for name in order[:2]] == ["Hosts", "Pacemaker"]


def test_its_secret_is_a_hidden_parameter_that_is_made_up() -> None:
    parameter = declared("puppet/services/pacemaker.yaml")["parameters"]["CorosyncAuthkey"]
    assert parameter["hidden"] is True and "default" not in parameter
    settings = role_data()["OS::TripleO::Services::Pacemaker"]["config_settings"]
    assert len(settings["treadle::profile::base::pacemaker::authkey"]) == 128


def test_parameters_of_the_bundle() -> None:
    test_every_service.test_every_parameter_is_described_and_used(TEMPLATE)

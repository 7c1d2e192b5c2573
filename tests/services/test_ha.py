"""What environments/ha.yaml makes of services, and what it leaves alone."""

from __future__ import annotations

from argparse import Namespace
from functools import cache
from typing import Any

import pytest

from tests.services.everything import PROJECT
from treadle.cli.authoring import authored
from treadle.heat.files import Files
from treadle.heat.roles import load_roles

HA = PROJECT / "environments/ha.yaml"
MODULES = ("cinder", "glance::notify::rabbitmq", "heat", "keystone", "neutron", "nova")


@cache
def services(*environments: str) -> dict[str, dict[str, Any]]:
    """``{service: role_data}``"""
    given = authored(Namespace(template=str(PROJECT), environments=list(environments), roles_file=None,
                               networks_file=None, parameters=[], parameter_files=[]))
    found = given.stack().outputs()["RoleData"]["Standalone"]
    return {data["service_name"]: data for data in found if data}


def database(*environments: str) -> dict[str, Any]:
    data = services(*environments)["mysql"]
    return {"starts": data["kolla_config"]["/var/lib/kolla/config_files/mysql.json"]["command"],
            "scripts": set(data["docker_config_scripts"]), "container": data["docker_config"]["step_1"]["mysql"],
            "listens": data["service_config_settings"]["haproxy"]["treadle::haproxy::endpoints"]["mysql"],
            "ports": data["config_settings"]["tripleo.mysql.firewall_rules"]["104 mysql"]["dport"],
            "galera": data["config_settings"].get("treadle::profile::base::database::mysql::galera")}


def test_one_node_has_a_plain_database() -> None:
    one = database()
    assert one["starts"] == "/usr/sbin/mariadbd" and one["galera"] is None and one["ports"] == 3306
    assert "mysql_galera" not in one["scripts"] and "sticky" not in one["listens"]
    assert "start_period" not in one["container"]["healthcheck"]
    assert not any("galera" in mount for mount in one["container"]["volumes"])


def test_several_are_a_cluster_of_which_one_is_written_to() -> None:
    several = database(str(HA))
    assert several["starts"] == "/usr/local/bin/mysql_galera" and several["galera"] is True
    assert "mysql_galera" in several["scripts"]
    assert any(mount.endswith(":/usr/local/bin/mysql_galera:ro") for mount in several["container"]["volumes"])
    assert several["listens"]["sticky"] is True and several["listens"]["options"] == ["httpchk"]
    assert {"backup", "on-marked-down", "9200"} <= set(several["listens"]["member_options"].split())
    assert {3306, 4444, 4567, 4568, 9200} == set(several["ports"])


@pytest.mark.parametrize("module", MODULES)
def test_queues_are_kept_by_several_brokers(module: str) -> None:
    def settings(*environments: str) -> dict[str, Any]:
        return {key: value for data in services(*environments).values()
                for key, value in data["config_settings"].items()}

    assert f"{module}::rabbit_quorum_queue" not in settings()
    assert settings(str(HA))[f"{module}::rabbit_quorum_queue"] is True
    assert settings(str(HA))[f"{module}::rabbit_transient_quorum_queue"] is True


def test_the_vips_move() -> None:
    assert "keepalived" not in services()
    keepalived = services(str(HA))["keepalived"]["config_settings"]
    assert keepalived["treadle::profile::base::keepalived::interface"] == "eth0"


def test_who_waits_for_an_answer_of_a_lost_node_waits_half_a_minute() -> None:
    _, written, loaded = services(str(HA))["keepalived"]["host_prep_tasks"]
    limits = dict(line.split(" = ") for line in written["copy"]["content"].splitlines())
    time, pause, count = (int(limits[f"net.ipv4.tcp_keepalive_{name}"]) for name in ("time", "intvl", "probes"))
    assert time + pause * count <= 30 and loaded["command"] == f"sysctl --load {written['copy']['dest']}"


def test_controllers_and_computes_together_do_what_one_machine_does() -> None:
    def of(name: str) -> list[str]:
        found: list[str] = load_roles(PROJECT / f"roles/{name}.yaml", Files())[0]["ServicesDefault"]
        return found

    assert set(of("Controller")) | set(of("Compute")) == set(of("Standalone"))
    assert "OS::TripleO::Services::NovaCompute" not in of("Controller")


def test_a_token_may_be_asked_for_twice_and_nothing_else_that_is_posted() -> None:
    told = [(data.get("service_config_settings") or {}).get("haproxy") or {} for data in services(str(HA)).values()]
    repeatable = {name: endpoint.get("repeatable") for settings in told
                  for name, endpoint in (settings.get("treadle::haproxy::endpoints") or {}).items()}
    assert repeatable.pop("keystone") == ["/v3/auth/tokens"]
    assert "nova_api" in repeatable and set(repeatable.values()) == {None}

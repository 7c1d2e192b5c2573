"""The whole core, deployed by the one command that a user types, and what its users do with it."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.browser import Dashboard, chromium
from tests.e2e.cloud import Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.test_cinder import asked, until
from tests.e2e.test_cloud import containers


def made(cloud: Cloud, kind: str, name: str, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = asked(cloud, *kind.split(), "create", name, *words)
    return found


def status(cloud: Cloud, kind: str, name: str) -> Callable[[str], bool]:
    def reached(wanted: str) -> bool:
        now = asked(cloud, *kind.split(), "show", name)["status"]
        assert not now.lower().endswith(("error", "failed")), now
        return bool(now == wanted)
    return reached


def gone(cloud: Cloud, kind: str, name: str) -> bool:
    return name not in {row["Name"] for row in asked(cloud, *kind.split(), "list")}


def test_every_service_is_up(core: Cloud, engine: PrivateEngine) -> None:
    until(lambda: all(row["State"] == "up" for row in asked(core, "compute", "service", "list")))
    compute = {row["Binary"]: row["State"] for row in asked(core, "compute", "service", "list")}
    assert compute == dict.fromkeys(("nova-conductor", "nova-scheduler", "nova-compute"), "up")
    volume = {row["Binary"]: row["State"] for row in asked(core, "volume", "service", "list")}
    assert volume == dict.fromkeys(("cinder-scheduler", "cinder-volume", "cinder-backup"), "up")
    assert [row["Status"] for row in asked(core, "orchestration", "service", "list")] == ["up"]
    assert {row["Name"] for row in asked(core, "service", "list")} >= {
        "keystone", "glance", "placement", "nova", "neutron", "cinderv3", "heat", "heat-cfn"}
    states = engine.docker("ps", "--filter", f"label=treadle.stack={core.name}", "--format", "{{.Names}} {{.Status}}")
    assert len(states.stdout.splitlines()) > 20
    until(lambda: "(unhealthy)" not in engine.docker("ps", "--format", "{{.Status}}").stdout
          and "starting" not in engine.docker("ps", "--format", "{{.Status}}").stdout)


def test_who_calls_a_service_has_the_answer_when_it_is_there(core: Cloud, engine: PrivateEngine) -> None:
    program = Path(__file__).with_name("calls.py").read_bytes()
    taken = json.loads(engine.docker("exec", "-i", containers(engine, core)["nova_scheduler"][0], "python3", "-",
                                     given=program).stdout)
    assert statistics.median(taken) < 0.25  # oslo.messaging by itself would look after half a second


def test_a_second_run_touches_nothing(core: Cloud, engine: PrivateEngine) -> None:
    before = containers(engine, core)
    assert "Nothing to do" in core.standalone().ok().out
    assert containers(engine, core) == before


def test_a_server_boots_with_a_port_and_a_volume(core: Cloud, folder: Path) -> None:
    (folder / "image").write_bytes(os.urandom(1 << 20))
    made(core, "image", "one-of-the-core", "--file", str(folder / "image"), "--disk-format", "raw",
         "--container-format", "bare")
    made(core, "network", "net")
    made(core, "subnet", "subnet", "--network", "net", "--subnet-range", "192.0.2.0/24")
    made(core, "router", "router")
    core.openstack("router", "add", "subnet", "router", "subnet").ok()
    port = made(core, "port", "port", "--network", "net")
    made(core, "flavor", "small", "--ram", "64", "--disk", "1", "--vcpus", "1")
    made(core, "volume", "data", "--size", "1")
    made(core, "volume", "root", "--image", "one-of-the-core", "--size", "1")
    until(lambda: status(core, "volume", "data")("available") and status(core, "volume", "root")("available"))
    assert str(asked(core, "volume", "show", "root")["bootable"]).lower() == "true"
    made(core, "server", "server", "--flavor", "small", "--image", "one-of-the-core", "--port", "port")
    until(lambda: status(core, "server", "server")("ACTIVE"))
    assert asked(core, "server", "show", "server")["addresses"] == {"net": [port["fixed_ips"][0]["ip_address"]]}
    assert asked(core, "port", "show", "port")["status"] == "ACTIVE"
    core.openstack("server", "add", "volume", "server", "data").ok()
    until(lambda: status(core, "volume", "data")("in-use"))
    core.openstack("server", "delete", "--wait", "server").ok()
    until(lambda: status(core, "volume", "data")("available"))
    core.openstack("volume", "delete", "data", "root").ok()
    until(lambda: gone(core, "volume", "data") and gone(core, "volume", "root"))


def test_a_floating_ip_is_active_while_a_port_has_it(core: Cloud) -> None:
    def now() -> str:
        return str(asked(core, "floating", "ip", "show", address)["status"])

    made(core, "network", "outside", "--external", "--provider-network-type", "flat",
         "--provider-physical-network", "datacentre")
    made(core, "subnet", "outside", "--network", "outside", "--subnet-range", "198.51.100.0/24", "--no-dhcp")
    core.openstack("router", "set", "--external-gateway", "outside", "router").ok()
    assert [row["Status"] for row in asked(core, "port", "list", "--router", "router")] == ["ACTIVE", "ACTIVE"]
    address = asked(core, "floating", "ip", "create", "outside")["floating_ip_address"]
    assert now() == "DOWN"
    core.openstack("floating", "ip", "set", "--port", "port", address).ok()
    assert now() == "ACTIVE"
    core.openstack("floating", "ip", "unset", "--port", address).ok()
    assert now() == "DOWN"
    core.openstack("floating", "ip", "set", "--port", "port", address).ok()
    core.openstack("port", "delete", "port").ok()
    assert now() == "DOWN"


def test_horizon_lets_an_administrator_in(core: Cloud, folder: Path) -> None:
    password = yaml.safe_load((core.state / core.name / "passwords.yaml").read_text())["AdminPassword"]
    with chromium(folder) as browser:
        horizon = Dashboard(browser, core.vip)
        horizon.log_in("admin", password)
        assert horizon.user() == "admin"
        horizon.open("/horizon/project/images")
        horizon.until("body", "one-of-the-core")
        assert horizon.missing() == []


def test_a_stack_is_created(core: Cloud, folder: Path) -> None:
    (folder / "stack.yaml").write_text(yaml.safe_dump({
        "heat_template_version": "2021-04-16",
        "resources": {"secret": {"type": "OS::Heat::RandomString"},
                      "net": {"type": "OS::Neutron::Net", "properties": {"name": "of-the-stack"}}},
        "outputs": {"said": {"value": {"get_attr": ["secret", "value"]}}}}))
    core.openstack("stack", "create", "-t", str(folder / "stack.yaml"), "--wait", "stack").ok()
    stack = asked(core, "stack", "show", "stack")
    assert stack["stack_status"] == "CREATE_COMPLETE" and len(stack["outputs"][0]["output_value"]) == 32
    core.openstack("stack", "delete", "--yes", "--wait", "stack").ok()
    assert "of-the-stack" not in {row["Name"] for row in asked(core, "network", "list")}


#: Hiera data for each project by the parameter of its own, and what the file then says.
EXTRA = {
    "CinderExtraConfig": ("cinder::api::osapi_max_limit", 501, "cinder.conf [DEFAULT] osapi_max_limit"),
    "GlanceExtraConfig": ("glance::api::image_member_quota", 33, "glance-api.conf [DEFAULT] image_member_quota"),
    "HeatExtraConfig": ("heat::engine::max_stacks_per_tenant", 77, "heat.conf [DEFAULT] max_stacks_per_tenant"),
    "KeystoneExtraConfig": ("keystone::token_expiration", 1234, "keystone.conf [token] expiration"),
    "NeutronExtraConfig": ("neutron::dhcp_lease_duration", 4321, "neutron.conf [DEFAULT] dhcp_lease_duration"),
    "NovaExtraConfig": ("nova::api::max_limit", 502, "nova.conf [api] max_limit"),
    "PlacementExtraConfig": ("placement::db::database_max_retries", 11,
                             "placement.conf [placement_database] max_retries"),
}


def test_options_of_every_project_can_be_set_and_checked(core: Cloud) -> None:
    file = core.environment("extra", **{name: {key: value} for name, (key, value, _) in EXTRA.items()})
    checked = core.check("-e", file)
    assert checked.code == 2, checked.text
    for _, value, option in EXTRA.values():
        assert any(option in line and line.endswith(f"→ {value}") for line in checked.out.splitlines()), option


def test_passwords_are_rotated_with_one_command(core: Cloud, engine: PrivateEngine) -> None:
    kept = core.state / core.name / "passwords.yaml"
    old = yaml.safe_load(kept.read_text())
    core.run("openstack", "overcloud", "password", "rotate", "--stack", core.name, "--yes", "--message", "a test",
             "NovaPassword", "RabbitPassword").ok()
    new = yaml.safe_load(kept.read_text())
    assert {name for name in old if old[name] != new[name]} == {"NovaPassword", "RabbitPassword"}
    until(lambda: all(row["State"] == "up" for row in asked(core, "compute", "service", "list")))
    made(core, "server", "after", "--flavor", "small", "--image", "one-of-the-core", "--network", "net")
    until(lambda: status(core, "server", "after")("ACTIVE"))
    core.openstack("server", "delete", "--wait", "after").ok()
    for password, works in ((old, False), (new, True)):
        names = containers(engine, core)
        login = f"read word; MYSQL_PWD=$word mariadb --no-defaults -u nova -h {core.vip} -e 'SELECT 1' nova"
        sql = engine.docker("exec", "-i", names["mysql"][0], "sh", "-c", login, check=False,
                            given=f"{password['NovaPassword']}\n".encode())
        assert (sql.returncode == 0) is works, sql.stderr
        rabbit = engine.docker("exec", "-i", names["rabbitmq"][0], "sh", "-c",
                               "read word; rabbitmqctl -q authenticate_user guest \"$word\"", check=False,
                               given=f"{password['RabbitPassword']}\n".encode())
        assert (rabbit.returncode == 0) is works, rabbit.stderr
        clouds = yaml.safe_load((core.folder / "clouds.yaml").read_text())["clouds"][core.name]
        nova = {**clouds, "auth": {**clouds["auth"], "username": "nova", "project_name": "service",
                                   "password": password["NovaPassword"]}}
        (core.folder / "nova.yaml").write_text(yaml.safe_dump({"clouds": {"nova": nova}}))
        token = core.run("env", f"OS_CLIENT_CONFIG_FILE={core.folder}/nova.yaml", "openstack", "--os-cloud", "nova",
                         "token", "issue")
        assert (token.code == 0) is works, token.text


def test_the_cloud_comes_back_with_its_data(core: Cloud, engine: PrivateEngine) -> None:
    def works() -> bool:
        images = core.openstack("image", "list", "-f", "json")
        return images.code == 0 and [row["Name"] for row in json.loads(images.out)] == ["one-of-the-core"]

    def back() -> bool:
        answer = core.openstack("compute", "service", "list", "-f", "json")
        return answer.code == 0 and all(row["State"] == "up" for row in json.loads(answer.out)) and works()

    names = containers(engine, core)
    pid = engine.docker("inspect", "--format", "{{.State.Pid}}", names["mysql"][0]).stdout.strip()
    os.kill(int(pid), 9)
    until(back)
    running = engine.docker("ps", "-q", "--filter", f"label=treadle.stack={core.name}").stdout.split()
    engine.docker("stop", *running)
    engine.docker("start", *running)
    until(back)
    engine.stop()
    engine.start()
    until(back, 240)
    assert "Nothing to do" in core.standalone().ok().out

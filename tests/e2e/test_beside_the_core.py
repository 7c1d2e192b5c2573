"""Services that are off by default, in the cloud that most tests share: switched on, used, and gone again."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import yaml

from tests.e2e.cloud import PROJECT, Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.test_cinder import asked, until
from tests.e2e.test_cloud import containers

ON = [word for name in ("barbican", "redis") for word in ("-e", str(PROJECT / f"environments/services/{name}.yaml"))]
ADDED = {"barbican_api", "barbican_api_db_sync", "barbican_keystone_listener", "barbican_worker", "redis"}


@pytest.fixture(scope="module")
def more(cloud: Cloud, engine: PrivateEngine) -> Iterator[Cloud]:
    before = set(containers(engine, cloud))
    cloud.deploy(*ON).ok()
    assert set(containers(engine, cloud)) - before == ADDED
    yield cloud
    cloud.deploy().ok()
    assert set(containers(engine, cloud)) == before


def test_a_second_deploy_touches_nothing(more: Cloud) -> None:
    assert more.planned(*ON) == {}


def test_a_secret_comes_back_as_it_was_and_nobody_reads_it_in_the_database(more: Cloud, engine: PrivateEngine) -> None:
    stored = asked(more, "secret", "store", "--name", "kept", "--payload", "what nobody else may know")
    assert asked(more, "secret", "get", "--payload", stored["Secret href"]) == {"Payload": "what nobody else may know"}
    rows = database(engine, more, "SELECT * FROM secrets; SELECT * FROM encrypted_data")
    assert "kept" in rows and "nobody else" not in rows


def test_the_worker_makes_the_keys_of_encrypted_volumes(more: Cloud, engine: PrivateEngine) -> None:
    keys = "SELECT COUNT(*) FROM secrets WHERE secret_type = 'symmetric' AND NOT deleted"
    before = int(database(engine, more, keys))
    more.openstack("volume", "type", "create", "--encryption-provider", "luks", "--encryption-cipher",
                   "aes-xts-plain64", "--encryption-key-size", "256", "--encryption-control-location", "front-end",
                   "locked").ok()
    volume = asked(more, "volume", "create", "--type", "locked", "--size", "1", "hidden")
    until(lambda: asked(more, "volume", "show", volume["id"])["status"] == "available")
    assert int(database(engine, more, keys)) == before + 1
    more.openstack("volume", "delete", volume["id"]).ok()
    until(lambda: more.openstack("volume", "type", "delete", "locked").code == 0)


def test_what_belongs_to_a_project_goes_with_it(more: Cloud, engine: PrivateEngine) -> None:
    more.openstack("project", "create", "passing").ok()
    more.openstack("role", "add", "--project", "passing", "--user", "admin", "admin").ok()
    more.openstack("--os-project-name", "passing", "secret", "store", "--name", "passing", "--payload", "x").ok()
    there = "SELECT COUNT(*) FROM secrets WHERE name = 'passing' AND NOT deleted"
    assert int(database(engine, more, there)) == 1
    more.openstack("project", "delete", "passing").ok()
    until(lambda: int(database(engine, more, there)) == 0)


def test_redis_is_reached_with_its_password_only_and_keeps_what_it_has(more: Cloud, engine: PrivateEngine) -> None:
    password = yaml.safe_load((more.state / more.name / "passwords.yaml").read_text())["RedisPassword"]
    assert said(more, "GET colour").startswith("-NOAUTH")
    assert said(more, "AUTH wrong").startswith("-WRONGPASS")
    assert said(more, f"AUTH {password}", "SET colour green").split() == ["+OK", "+OK"]
    engine.docker("restart", containers(engine, more)["redis"][0])
    until(lambda: "green" in said(more, f"AUTH {password}", "GET colour"), 60)


def database(engine: PrivateEngine, cloud: Cloud, statements: str) -> str:
    """What Barbican's tables say, one line a row."""
    return engine.docker("exec", "--interactive", containers(engine, cloud)["mysql"][0], "mariadb", "--no-defaults",
                         "--socket=/run/mysqld/mysqld.sock", "--batch", "--skip-column-names", "barbican",
                         given=statements.encode()).stdout


def said(cloud: Cloud, *commands: str) -> str:
    """What Redis answers through HAProxy; nothing while it is down."""
    with socket.create_connection((cloud.vip, 6379), timeout=20) as connection:
        connection.sendall("".join(f"{command}\r\n" for command in (*commands, "QUIT")).encode())
        answer = b""
        try:
            while part := connection.recv(4096):
                answer += part
        except ConnectionResetError:
            return ""
    return answer.decode().removesuffix("+OK\r\n")

"""What each service takes while it runs: the container and its main process stay, and the new value is in force."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.cloud import Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.load import Load, Request
from tests.e2e.test_cloud import lifetime
from tests.e2e.test_haproxy_reload import container, life

ROW = "select @@global.max_connections, @@global.long_query_time"
LOGIN = """
import sys, amqp
host, port = sys.argv[1], 5672
password = sys.stdin.read().strip()
try:
    with amqp.Connection(host=f"{host}:{port}", userid="guest", password=password, connect_timeout=10):
        print("in")
except amqp.AccessRefused:
    print("refused")
"""


def inside(engine: PrivateEngine, cloud: Cloud, name: str, *words: str, user: str = "root", given: str = "") -> str:
    """Run a command in a container; gives what it wrote."""
    return engine.docker("exec", "-i", "-u", user, container(engine, cloud, name)["Id"], *words,
                         given=given.encode()).stdout.strip()


def password(cloud: Cloud, name: str) -> str:
    passwords = yaml.safe_load((cloud.state / cloud.name / "passwords.yaml").read_text())
    return str(passwords[name])


def tokens(cloud: Cloud) -> Request:
    user = {"name": "admin", "domain": {"id": "default"}, "password": password(cloud, "AdminPassword")}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    return Request("/v3/auth/tokens", "POST", body, 201)


@contextlib.contextmanager
def untouched(engine: PrivateEngine, cloud: Cloud, name: str) -> Iterator[None]:
    before = life(engine, cloud, name)
    yield
    assert life(engine, cloud, name) == before


@pytest.fixture(autouse=True)
def as_before(cloud: Cloud) -> Iterator[None]:
    yield
    cloud.deploy().ok()


def test_keystone_takes_an_option_under_load_and_no_request_fails(cloud: Cloud, engine: PrivateEngine) -> None:
    shorter = cloud.environment("reload-expiration", TokenExpiration=1500)
    assert cloud.planned("-e", shorter)["keystone"] == "reload"
    with (untouched(engine, cloud, "keystone"), Load(cloud.vip, 5000, Request("/v3"), limit=300) as reads,
          Load(cloud.vip, 5000, tokens(cloud), clients=1, limit=300) as logins):
        cloud.deploy("-e", shorter).ok()
        assert lifetime(cloud.token()) <= 1500
    assert reads.failed == [] and reads.asked > 30
    assert logins.failed == [] and logins.asked > 2
    # No worker of before is left: whichever answers has the new value.
    assert all(1000 < lifetime(cloud.token()) <= 1500 for _ in range(4))


def test_keystone_goes_on_when_its_new_configuration_is_no_good(cloud: Cloud, engine: PrivateEngine) -> None:
    broken = cloud.environment("reload-broken", ExtraConfig={"keystone::token_provider": "nothing"})
    with untouched(engine, cloud, "keystone"):
        done = cloud.deploy("-e", broken)
        assert done.code == 1
        assert "configuration is broken" in done.err, done.text
        assert lifetime(cloud.token()) > 3000
        cloud.deploy().ok()


def test_a_virtual_host_takes_a_restart(cloud: Cloud) -> None:
    other = cloud.environment("reload-vhost", KeystoneThreads=2)
    assert cloud.planned("-e", other)["keystone"] == "restart"


def test_cron_takes_a_new_table(cloud: Cloud, engine: PrivateEngine) -> None:
    every = cloud.environment("reload-cron", ExtraConfig={"keystone::cron::trust_flush::minute": "*"})
    assert cloud.planned("-e", every)["keystone_cron"] == "reload"
    log = cloud.root / "var/log/containers/keystone/keystone-trustflush.log"
    log.unlink(missing_ok=True)
    with untouched(engine, cloud, "keystone_cron"):
        cloud.deploy("-e", every).ok()
        until = time.monotonic() + 150
        while not log.exists():
            assert time.monotonic() < until, "cron did not run the job of the new table"
            time.sleep(1)


def test_mariadb_takes_what_it_calls_dynamic(cloud: Cloud, engine: PrivateEngine) -> None:
    more = {"treadle::profile::base::database::mysql::options": {"mysqld": {"long_query_time": 3}}}
    other = cloud.environment("reload-mysql", MysqlMaxConnections=321, ExtraConfig=more)
    assert cloud.planned("-e", other) == {"mysql": "reload"}
    with untouched(engine, cloud, "mysql"):
        cloud.deploy("-e", other).ok()
        assert inside(engine, cloud, "mysql", "mariadb", "-N", "-e", ROW).split() == ["321", "3.000000"]
        cloud.deploy().ok()
        assert inside(engine, cloud, "mysql", "mariadb", "-N", "-e", ROW).split() == ["512", "10.000000"]
    assert cloud.token()["id"]


def test_mariadb_is_said_to_take_only_what_the_server_calls_dynamic(cloud: Cloud, engine: PrivateEngine) -> None:
    template = yaml.safe_load((Path(__file__).parents[2] / "docker/services/mysql.yaml").read_text())
    declared = template["outputs"]["role_data"]["value"]["docker_config"]["step_1"]["mysql"]["reload"]["absorbs"]
    names = [option.removeprefix("mysqld/").replace("?", "_") for rule in declared
             for option in rule.get("options", []) if option.startswith("mysqld/")]
    assert len(names) > 30
    rows = inside(engine, cloud, "mysql", "mariadb", "-N", "-e", "SELECT LOWER(VARIABLE_NAME) FROM "
                  "information_schema.SYSTEM_VARIABLES WHERE READ_ONLY = 'NO' AND VARIABLE_SCOPE <> 'SESSION ONLY'")
    assert [name for name in names if name not in rows.split()] == []


def test_other_options_of_mariadb_take_a_restart(cloud: Cloud) -> None:
    other = cloud.environment("reload-pool", InnodbBufferPoolSize="160M")
    assert cloud.planned("-e", other)["mysql"] == "restart"


def test_new_passwords_reach_database_and_broker(cloud: Cloud, engine: PrivateEngine) -> None:
    new = {name: f"changed{password(cloud, name)}" for name in
           ("MysqlRootPassword", "KeystonePassword", "RabbitPassword")}
    environment = cloud.environment("reload-passwords", **new)
    assert cloud.planned("-e", environment)["mysql"] == "reload"
    with untouched(engine, cloud, "mysql"):
        cloud.deploy("-e", environment).ok()
    assert login(engine, cloud, new["RabbitPassword"]) == "in"
    assert login(engine, cloud, password(cloud, "RabbitPassword")) == "refused"
    # root's .my.cnf has the new password and goes by TCP, where no socket helps.
    assert inside(engine, cloud, "mysql", "mariadb", "-N", "-e", "select current_user()") == "root@%"
    assert cloud.token()["id"]
    cloud.deploy().ok()
    assert login(engine, cloud, password(cloud, "RabbitPassword")) == "in"
    assert cloud.token()["id"]


def login(engine: PrivateEngine, cloud: Cloud, secret: str) -> str:
    """Whether the broker lets its user in with ``secret``."""
    return inside(engine, cloud, "keystone", "python3", "-c", LOGIN, cloud.node_ip, given=secret)

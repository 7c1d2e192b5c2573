"""Cinder in the cloud: volumes are made, options change with a signal where the service can take them so."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.cloud import Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.test_cloud import all_secrets, containers

PROJECT = Path(__file__).resolve().parents[2]
SERVICES = {"cinder_api", "cinder_scheduler", "cinder_volume"}


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not true within {seconds} s"
        time.sleep(0.1)


def asked(cloud: Cloud, *words: str) -> Any:
    return json.loads(cloud.openstack(*words, "-f", "json").ok().out)


def all_up(cloud: Cloud) -> bool:
    services = {row["Binary"]: row["State"] for row in asked(cloud, "volume", "service", "list")}
    return services == {"cinder-scheduler": "up", "cinder-volume": "up"}


def pids(engine: PrivateEngine, cloud: Cloud) -> dict[str, str]:
    """``{container: pid of its service and when that was started}``, of Cinder's containers."""
    found = {}
    for name in SERVICES:
        identity = containers(engine, cloud)[name][0]
        command = "ps -o pid=,lstart= -p $(pgrep -o -P 1)"
        found[name] = engine.docker("exec", identity, "bash", "-c", command).stdout.strip()
        assert found[name], name
    return found


def log(cloud: Cloud, name: str) -> str:
    return (cloud.root / f"var/log/containers/cinder/{name}.log").read_text(errors="replace")


def test_every_service_is_up_and_a_volume_is_made_and_deleted(cloud: Cloud) -> None:
    until(lambda: all_up(cloud))
    volume = asked(cloud, "volume", "create", "--size", "1", "made")
    until(lambda: asked(cloud, "volume", "show", "made")["status"] == "available")
    file = cloud.root / f"var/lib/cinder/file-volumes/volume-{volume['id']}"
    assert file.stat().st_size == 1 << 30 and file.stat().st_blocks == 0
    cloud.openstack("volume", "delete", "made").ok()
    until(lambda: asked(cloud, "volume", "list") == [])
    assert not file.exists()


def test_a_mutable_option_reaches_scheduler_and_volume_with_a_signal(cloud: Cloud, engine: PrivateEngine) -> None:
    before, there = pids(engine, cloud), containers(engine, cloud)
    debug = cloud.environment("cinder-debug", CinderDebug="true")
    checked = cloud.check("-e", debug)
    assert checked.code == 2, checked.text
    assert "cinder.conf [DEFAULT] debug False → True" in checked.out
    assert cloud.planned("-e", debug) == {
        "cinder_scheduler": "reload", "cinder_volume": "reload", "cinder_api": "restart"}
    cloud.deploy("-e", debug).ok()
    after = pids(engine, cloud)
    assert {name for name in SERVICES if before[name] != after[name]} == {"cinder_api"}
    assert {name for name in there if there[name] != containers(engine, cloud)[name]} == {"cinder_api"}
    for name in ("cinder-scheduler", "cinder-volume"):
        assert "Option DEFAULT.debug changed from [False] to [True]" in log(cloud, name)
        assert " DEBUG " in log(cloud, name)
    assert cloud.planned("-e", debug) == {}
    # and back, by the same way
    cloud.deploy().ok()
    assert pids(engine, cloud)["cinder_scheduler"] == before["cinder_scheduler"]
    assert "Option DEFAULT.debug changed from [True] to [False]" in log(cloud, "cinder-scheduler")


def test_an_option_that_is_not_mutable_restarts_the_process(cloud: Cloud, engine: PrivateEngine) -> None:
    before = pids(engine, cloud)
    slower = cloud.environment("cinder-interval", CinderReportInterval=11)
    planned = cloud.planned("-e", slower)
    assert planned == dict.fromkeys(SERVICES, "restart")
    cloud.deploy("-e", slower).ok()
    after = pids(engine, cloud)
    assert {name for name in SERVICES if before[name] != after[name]} == SERVICES
    until(lambda: all_up(cloud))
    cloud.deploy().ok()


def test_a_mutable_and_another_option_together_restart(cloud: Cloud) -> None:
    both = cloud.environment("cinder-both", CinderDebug="true", CinderReportInterval=11)
    assert cloud.planned("-e", both) == dict.fromkeys(SERVICES, "restart")


def test_an_option_of_a_backend_restarts_the_volume_service_alone(cloud: Cloud, engine: PrivateEngine) -> None:
    before = containers(engine, cloud)
    reserved = cloud.environment("cinder-reserved", CinderVolumeReservedPercentage=7)
    assert "cinder.conf [treadle_file] reserved_percentage 0 → 7" in cloud.check("-e", reserved).out
    assert cloud.planned("-e", reserved) == {"cinder_volume": "restart"}
    cloud.deploy("-e", reserved).ok()
    after = containers(engine, cloud)
    assert {name for name in before if before[name] != after[name]} == {"cinder_volume"}
    cloud.deploy().ok()


def test_the_hash_of_no_database_password_is_in_a_command_line(cloud: Cloud, first_deploy: dict[str, Any]) -> None:
    """The passwords themselves are looked for among all secrets; MariaDB takes a hash as well as the password."""
    hashes = {"*" + hashlib.sha1(hashlib.sha1(secret.encode()).digest()).hexdigest().upper()
              for secret in all_secrets(cloud).values()}
    assert [line for line in first_deploy["argv"] if any(known in line for known in hashes)] == []


def test_users_and_endpoints_that_a_hand_changed_are_made_right_again(cloud: Cloud) -> None:
    cloud.openstack("user", "set", "--password", "changed-by-hand-1", "--email", "other@localhost", "cinder").ok()
    cloud.openstack("role", "remove", "--user", "cinder", "--project", "service", "admin").ok()
    internal = asked(cloud, "endpoint", "list", "--service", "volumev3", "--interface", "internal")[0]
    cloud.openstack("endpoint", "set", "--url", "http://127.0.0.1:1/", internal["ID"]).ok()
    assert "changes made" in run_tasks_again(cloud)
    endpoint = asked(cloud, "endpoint", "show", internal["ID"])
    assert endpoint["url"].startswith(f"http://{cloud.vip}:8776/v3/")
    assert asked(cloud, "user", "show", "cinder")["email"] == "cinder@localhost"
    assert asked(cloud, "role", "assignment", "list", "--user", "cinder", "--project", "service", "--names")
    until(lambda: all_up(cloud))  # the API logs in to Keystone with the password that was put back
    assert "changes made" not in run_tasks_again(cloud)


def run_tasks_again(cloud: Cloud) -> str:
    """Forget that the bootstrap tasks were run, deploy, and give what the deploy said."""
    runs = cloud.root / f"var/lib/treadle/{cloud.name}/node/puppet-runs.json"
    known = json.loads(runs.read_text())
    known["runs"] = {name: run for name, run in known["runs"].items() if not name.startswith("task:")}
    runs.write_text(json.dumps(known))
    return cloud.deploy().ok().err


#: Image, user, command, how many tables there are when it is killed, one of them. Cinder's first version is not
#: complete then; of Neutron's some two hundred many are.
SYNCS = {
    "cinder": ("cinder-api", "cinder", ["cinder-manage", "--config-file=/db/db.conf", "db", "sync"], 6, "volumes"),
    "neutron": ("neutron-server", "neutron",
                ["neutron-db-manage", "--config-file=/db/db.conf", "upgrade", "heads"], 160, "ports"),
}


@pytest.mark.parametrize("image, user, command, killed_at, table", SYNCS.values(), ids=SYNCS)
def test_a_first_migration_that_was_killed_is_begun_anew(cloud: Cloud, engine: PrivateEngine, tmp_path: Path,
                                                         image: str, user: str, command: list[str],
                                                         killed_at: int, table: str) -> None:
    half = HalfMade(cloud, engine, tmp_path, f"half_{user}")
    half.sql(f"CREATE DATABASE {half.name}")
    container = half.start(image, user, command)
    until(lambda: half.tables() >= killed_at)
    engine.docker("kill", container)
    assert engine.docker("wait", container).stdout.strip() == "137", "it was killed too late"
    assert half.tables() >= killed_at
    container = half.start(image, user, command)
    assert engine.docker("wait", container).stdout.strip() == "0"
    said = engine.docker("logs", container).stdout
    assert "dropping its" in said and "beginning anew" in said
    assert half.version() and half.sql(f"SELECT COUNT(*) FROM {half.name}.{table}").strip()
    again = half.start(image, user, command)
    assert engine.docker("wait", again).stdout.strip() == "0"
    assert "dropping" not in engine.docker("logs", again).stdout
    # No version, but rows that no migration wrote: a restore that went wrong, not a first migration.
    half.sql(f"USE {half.name}; DELETE FROM alembic_version; CREATE TABLE kept AS SELECT seq FROM seq_1_to_500")
    refused = half.start(image, user, command)
    assert engine.docker("wait", refused).stdout.strip() == "1"
    logged = engine.docker("logs", refused)
    assert "data in kept: refusing" in logged.stdout + logged.stderr
    half.sql(f"DROP DATABASE {half.name}")


class HalfMade:
    """A database of its own in the cloud's MariaDB, and one-shot containers that migrate it."""

    def __init__(self, cloud: Cloud, engine: PrivateEngine, folder: Path, name: str) -> None:
        self.cloud, self.engine, self.folder, self.name = cloud, engine, folder, name
        password = yaml.safe_load((cloud.state / cloud.name / "passwords.yaml").read_text())["MysqlRootPassword"]
        folder.chmod(0o755)
        (folder / "db.conf").write_text(
            f"[database]\nconnection = mysql+pymysql://root:{password}@{cloud.node_ip}:3306/{name}\n")
        (folder / "db.conf").chmod(0o644)
        for parent in folder.parents:
            if parent != Path("/tmp") and parent.is_relative_to("/tmp"):
                parent.chmod(0o755)

    def start(self, image: str, user: str, command: list[str]) -> str:
        return self.engine.docker(
            "run", "--detach", "--net", "host", "--user", "root", "--label", f"treadle-test={self.name}",
            "--volume", f"{PROJECT}/docker/services/db_sync.py:/usr/local/bin/db_sync.py:ro",
            "--volume", f"{self.folder}:/db:ro", f"treadle/{image}:2025.1",
            "/usr/local/bin/db_sync.py", "/db/db.conf", user, *command).stdout.strip()

    def sql(self, text: str) -> str:
        mysql = containers(self.engine, self.cloud)["mysql"][0]
        done = self.engine.docker("exec", "-i", "-u", "root", mysql, "mariadb", "--skip-column-names", "--batch",
                                  given=text.encode())
        return done.stdout

    def tables(self) -> int:
        return int(self.sql(f"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{self.name}'"))

    def version(self) -> str:
        found = int(self.sql("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'alembic_version' "
                             f"AND table_schema = '{self.name}'"))
        return self.sql(f"SELECT version_num FROM {self.name}.alembic_version").strip() if found else ""


@pytest.fixture(autouse=True)
def no_containers_left(engine: PrivateEngine) -> Any:
    yield
    left = engine.docker("ps", "-aq", "--filter", "label=treadle-test").stdout.split()
    if left:
        engine.docker("rm", "-f", *left)


def test_the_iscsi_backend_is_an_environment_file_away(cloud: Cloud) -> None:
    """Its container is privileged, which not every machine of a test allows: the plan has to show what it is."""
    lvm = str(PROJECT / "environments/cinder-lvm.yaml")
    shown = cloud.check("-e", lvm)
    assert "cinder.conf [tripleo_iscsi] volume_driver (unset) → cinder.volume.drivers.lvm.LVMVolumeDriver" in shown.out
    assert "cinder.conf [DEFAULT] enabled_backends treadle_file → tripleo_iscsi" in shown.out
    assert cloud.planned("-e", lvm) == {"cinder_volume": "recreate"}


def test_no_backend_at_all_is_refused_before_anything_is_touched(cloud: Cloud) -> None:
    none = cloud.environment("cinder-none", CinderEnableFileBackend=False)
    done = cloud.run(*cloud.deploy_words("--check", "-e", none))
    assert done.code == 1 and "CinderEnableFileBackend" in done.err, done.text

"""The cloud from the first deploy on: what a user sees of it, and what a change touches."""

from __future__ import annotations

import datetime
import json
import subprocess
from typing import Any

import pytest
import yaml

from tests.e2e.cloud import Cloud, Done
from tests.e2e.engine import PrivateEngine
from treadle.secrets import Secrets, flatten

LONG_RUNNING = {"haproxy", "memcached", "mysql", "rabbitmq", "keystone", "keystone_cron"}


def containers(engine: PrivateEngine, cloud: Cloud) -> dict[str, tuple[str, str]]:
    """``{name: (id, when it was started)}`` of all containers of the cloud."""
    ids = engine.docker("ps", "-aq", "--filter", f"label=treadle.stack={cloud.name}").stdout.split()
    found = json.loads(engine.docker("inspect", *ids).stdout) if ids else []
    return {c["Config"]["Labels"]["treadle.name"]: (c["Id"], c["State"]["StartedAt"]) for c in found}


def lifetime(token: dict[str, Any]) -> float:
    """Seconds that a token is valid for, from now."""
    expires = datetime.datetime.strptime(token["expires"], "%Y-%m-%dT%H:%M:%S%z")
    return (expires - datetime.datetime.now(datetime.UTC)).total_seconds()


def all_secrets(cloud: Cloud) -> dict[str, str]:
    passwords = yaml.safe_load((cloud.state / cloud.name / "passwords.yaml").read_text())
    found = {name: text for key, value in passwords.items() for name, text in flatten(key, value).items()}
    assert len(found) > 5
    return found


def test_one_command_gives_a_token_through_haproxy(cloud: Cloud, first_deploy: dict[str, Any]) -> None:
    printed: Done = first_deploy["done"]
    assert "token" in printed.out
    endpoints = json.loads(cloud.openstack("endpoint", "list", "-f", "json").ok().out)
    assert {e["Interface"] for e in endpoints if e["Service Type"] == "identity"} == {"public", "internal", "admin"}
    assert all(cloud.vip in e["URL"] for e in endpoints)
    assert "admin" in cloud.openstack("user", "list", "-f", "value", "-c", "Name").ok().out.split()
    assert cloud.token()["id"]


def test_a_second_deploy_touches_nothing(cloud: Cloud, engine: PrivateEngine) -> None:
    before = containers(engine, cloud)
    assert set(before) >= LONG_RUNNING
    checked = cloud.check().ok()
    assert "no container to touch" in checked.out
    again = cloud.deploy().ok()
    assert "Nothing to do" in again.out
    assert containers(engine, cloud) == before


def test_who_writes_what_another_wrote_meanwhile_waits_and_does_not_fail(cloud: Cloud, engine: PrivateEngine) -> None:
    sql = ["docker", "--host", engine.url, "exec", "-i", containers(engine, cloud)["mysql"][0], "mariadb", "-Nn"]

    def said(text: str) -> str:
        done = subprocess.run([*sql, "-e", text], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    said("CREATE DATABASE written; CREATE TABLE written.t (n INT) ENGINE=InnoDB; INSERT INTO written.t VALUES (1)")
    with subprocess.Popen([*sql, "written"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdin and first.stdout
        first.stdin.write("START TRANSACTION; SELECT n FROM t;\n")
        first.stdin.flush()
        assert first.stdout.readline() == "1\n"
        said("UPDATE written.t SET n = n + 1")
        first.stdin.write("UPDATE t SET n = n + 1; COMMIT;\n")
        first.stdin.close()
    assert first.returncode == 0
    assert said("SELECT n FROM written.t; DROP DATABASE written") == "3\n"


def test_check_names_the_option_and_the_deploy_touches_no_container_for_it(cloud: Cloud, engine: PrivateEngine) -> None:
    before = containers(engine, cloud)
    shorter = cloud.environment("expiration", ExtraConfig={"keystone::token_expiration": 1234})
    checked = cloud.check("-e", shorter)
    assert checked.code == 2, checked.text
    assert "keystone.conf [token] expiration" in checked.out
    assert "→ 1234" in checked.out
    planned = cloud.planned("-e", shorter)
    assert planned["keystone"] == planned["keystone_cron"] == "reload"
    assert all(name.startswith("keystone") for name in planned), planned
    assert containers(engine, cloud) == before, "--check touched something"
    cloud.deploy("-e", shorter).ok()
    after = containers(engine, cloud)
    assert {name for name in before if before[name] != after[name]} == set()
    assert 1000 < lifetime(cloud.token()) <= 1234
    cloud.deploy().ok()
    assert lifetime(cloud.token()) > 3000


def test_a_setting_of_the_node_reaches_the_service(cloud: Cloud) -> None:
    words = ("--stack", cloud.name, "--scope", f"host={cloud.name}-0", "keystone::token_expiration")
    cloud.run("openstack", "overcloud", "setting", "set", *words, "2345").ok()
    assert "→ 2345" in cloud.check().out
    cloud.run("openstack", "overcloud", "setting", "unset", *words).ok()
    assert cloud.check().code == 0


def test_the_bootstrap_tasks_find_nothing_to_change_when_run_again(cloud: Cloud) -> None:
    runs = cloud.root / f"var/lib/treadle/{cloud.name}/node/puppet-runs.json"
    known = json.loads(runs.read_text())
    tasks = [name for name in known["runs"] if name.startswith("task:")]
    assert tasks
    known["runs"] = {name: run for name, run in known["runs"].items() if not name.startswith("task:")}
    runs.write_text(json.dumps(known))
    again = cloud.deploy().ok()
    assert again.err.count("no change") == len(tasks), again.err
    assert "changes made" not in again.err


def test_no_secret_is_shown(cloud: Cloud, engine: PrivateEngine, first_deploy: dict[str, Any]) -> None:
    secrets = Secrets(all_secrets(cloud))
    printed: Done = first_deploy["done"]
    assert secrets.found_in(printed.text) is None
    shown = [line for line in first_deploy["argv"] if secrets.found_in(line)]
    assert shown == [], secrets.mask("\n".join(shown))
    for name, (identity, _) in containers(engine, cloud).items():
        for words in (("inspect", identity), ("logs", identity), ("top", identity)):
            said = engine.docker(*words, check=False)
            assert secrets.found_in(said.stdout + said.stderr) is None, (name, words[0])
    for place in (cloud.root / "var/log", cloud.state / cloud.name / "journal.jsonl"):
        for file in [place] if place.is_file() else place.rglob("*"):
            if file.is_file():
                found = secrets.found_in(file.read_text(errors="replace"))
                assert found is None, (file, found)


def test_the_repository_holds_no_secret(cloud: Cloud) -> None:
    secrets = Secrets(all_secrets(cloud))
    repository = cloud.state / cloud.name / "history.git"
    objects = subprocess.run(["git", "--git-dir", repository, "cat-file", "--batch", "--batch-all-objects"],
                             capture_output=True, check=True).stdout.decode(errors="replace")
    assert "@secret:" in objects
    assert secrets.found_in(objects) is None


def test_what_a_hand_removed_comes_back(cloud: Cloud, engine: PrivateEngine) -> None:
    engine.docker("rm", "-f", containers(engine, cloud)["memcached"][0])
    status = {row["Container"]: row["State"] for row in json.loads(
        cloud.run("openstack", "overcloud", "status", "--stack", cloud.name, "-f", "json").ok().out)}
    assert status["memcached"] == "absent"
    assert cloud.planned() == {"memcached": "create"}
    cloud.deploy().ok()
    assert cloud.planned() == {}


def test_what_a_hand_stopped_or_paused_runs_again(cloud: Cloud, engine: PrivateEngine) -> None:
    there = containers(engine, cloud)
    engine.docker("stop", there["haproxy"][0])
    engine.docker("pause", there["memcached"][0])
    assert cloud.planned() == {"haproxy": "start", "memcached": "restart"}
    cloud.deploy().ok()
    assert {name: identity for name, (identity, _) in containers(engine, cloud).items()} == {
        name: identity for name, (identity, _) in there.items()}
    assert cloud.planned() == {} and cloud.token()["id"]


def test_a_service_that_is_taken_out_goes_and_comes_back(cloud: Cloud, engine: PrivateEngine) -> None:
    without = cloud.folder / "without.yaml"
    without.write_text(yaml.safe_dump({"resource_registry": {"OS::TripleO::Services::Memcached": "OS::Heat::None"}}))
    planned = cloud.planned("-e", str(without))
    assert planned["memcached"] == "remove"
    cloud.deploy("-e", str(without)).ok()
    assert "memcached" not in containers(engine, cloud)
    assert cloud.token()["id"]
    cloud.deploy().ok()
    assert "memcached" in containers(engine, cloud)


def test_after_a_reboot_of_the_engine_the_cloud_is_back_with_its_data(cloud: Cloud, engine: PrivateEngine) -> None:
    cloud.openstack("user", "create", "kept", "--password", "not-a-real-one-1").ok()
    engine.stop()
    refused = cloud.check()
    assert refused.code == 1 and "engine" in refused.err, refused.text
    engine.start()
    cloud.deploy().ok()
    assert cloud.planned() == {}
    assert "kept" in cloud.openstack("user", "list", "-f", "value", "-c", "Name").ok().out.split()
    cloud.openstack("user", "delete", "kept").ok()


@pytest.mark.parametrize(("says", "after"), [("✓ Generate", 0.0), ("Propagate", 0.05), ("▶ Step 3", 0.3)])
def test_a_change_that_was_killed_is_finished_by_the_next_deploy(cloud: Cloud, says: str, after: float) -> None:
    longer = cloud.environment("longer", ExtraConfig={"keystone::token_expiration": 4000 + int(after * 100)})
    with cloud.killed_when(*cloud.deploy_words("--yes", "-e", longer), says=says, after=after):
        cloud.deploy("-e", longer).ok()
    assert cloud.planned("-e", longer) == {}
    assert 3900 < lifetime(cloud.token()) <= 4000 + int(after * 100)
    cloud.deploy().ok()

"""A first deploy that is killed in every step ends, when it is run again, where an undisturbed one ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.e2e.cloud import Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.test_cloud import LONG_RUNNING, containers

MOMENTS = [("▶ Generate", 1.0), ("▶ Prepare hosts", 0.5), ("▶ Propagate", 0.02), ("▶ Step 1", 1.0), ("▶ Step 2", 0.5),
           ("▶ Step 2", 2.5), ("▶ Step 3", 1.0), ("▶ Step 3", 4.0), ("▶ Step 4", 0.2)]


def test_killed_in_every_step_and_deleted_at_last(another: Cloud, engine: PrivateEngine, cloud: Cloud) -> None:
    for says, after in MOMENTS:
        with another.killed_when(*another.deploy_words("--yes"), says=says, after=after):
            pass
    another.deploy().ok()
    assert another.token()["id"]
    assert another.planned() == {}
    mine, theirs = containers(engine, another), containers(engine, cloud)
    assert set(mine) == set(theirs) >= LONG_RUNNING
    left = engine.docker("ps", "-a", "--format", "{{.Names}}").stdout.split()
    assert [name for name in left if "treadle-new" in name or "docker-puppet" in name] == []
    deleted(another, engine)


def deleted(cloud: Cloud, engine: PrivateEngine) -> None:
    """The delete asks before data is lost, then leaves nothing."""
    words = ("openstack", "overcloud", "delete", "--stack", cloud.name)
    asked = cloud.run(*words)
    assert asked.code == 1 and "--yes" in asked.err and "/var/lib/mysql" in asked.out
    assert containers(engine, cloud)
    cloud.run(*words, "--yes").ok()
    assert containers(engine, cloud) == {}
    assert cloud.name not in Path("/etc/hosts").read_text()
    left = [str(path) for path in cloud.root.rglob("*") if path.is_file()]
    assert left == []
    assert [path.name for path in (cloud.state / cloud.name).iterdir()] == ["journal.jsonl"]
    assert json.dumps(cloud.name) not in (cloud.folder / "clouds.yaml").read_text()
    shutil.rmtree(cloud.root)

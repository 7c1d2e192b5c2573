"""bin/standalone on a machine that has its cloud already, and its way back."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.cloud import Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.test_cloud import containers


def test_a_second_run_touches_nothing_and_shows_the_cloud(cloud: Cloud, engine: PrivateEngine) -> None:
    before = containers(engine, cloud)
    again = cloud.standalone().ok()
    assert "Nothing to do" in again.out and "expires" in again.out
    assert containers(engine, cloud) == before


def test_down_asks_and_then_leaves_nothing(cloud: Cloud, engine: PrivateEngine) -> None:
    asked = cloud.standalone("--down")
    assert asked.code == 2 and "--yes" in asked.err, asked.text
    assert containers(engine, cloud)
    cloud.standalone("--down", "--yes").ok()
    assert containers(engine, cloud) == {}
    assert cloud.name not in Path("/etc/hosts").read_text()
    # What is below /run goes with the machine's next start.
    assert [path for path in cloud.root.rglob("*")
            if path.is_file() and not path.is_relative_to(cloud.root / "run")] == []
    assert [path.name for path in (cloud.state / cloud.name).iterdir()] == ["journal.jsonl"]

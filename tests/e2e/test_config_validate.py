"""A generation is validated before it is anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cloud import Done
from tests.e2e.engine import PrivateEngine
from tests.e2e.small import Service, SmallCloud, options

#: The backlog is a number, says this checker; what it prints has a secret in it.
CHECK = {"command": ["sh", "-c", "cd /etc/small && { grep -q '^backlog = [0-9]*$' reader.conf || "
                     "{ grep -nE 'backlog|password' reader.conf; exit 1; }; }"],
         "output": r"^(?P<line>\d+):(?P<message>.*)$", "file": "/etc/small/reader.conf"}
SERVICES = (Service("reader", secret=True, entry={"validate": [CHECK]}), Service("other"))


@pytest.fixture(scope="module")
def cloud(folder: Path, light_engine: PrivateEngine, number: int) -> Iterator[SmallCloud]:
    """Generated, never deployed: first with a mistake, then without."""
    made = SmallCloud.on(number, "validated", folder / "validated", light_engine.url)
    made.services = SERVICES
    made.write_files()
    for backlog in ("many", "10"):
        words = made.deploy_words(*made.values("options", ReaderOptions=options(listen_backlog=backlog)))[3:]
        made.run("openstack", "overcloud", "config", "generate", *words, "--message", backlog).ok()
    yield made


def validate(cloud: SmallCloud, *words: str) -> Done:
    return cloud.run("openstack", "overcloud", "config", "validate", "--stack", cloud.name, *words)


def test_a_mistake_is_found_with_file_and_line_before_anything_is_on_a_node(cloud: SmallCloud) -> None:
    wrong = cloud.run("git", "-C", str(cloud.state / cloud.name / "history.git"), "rev-parse",
                      "generated~1").ok().out.strip()
    found = json.loads(validate(cloud, wrong[:12], "--format", "json").out)
    told = {one["message"] for one in found}
    assert "backlog = many" in told and any("password = @secret:" in message for message in told), told
    backlog, = (one for one in found if one["message"].startswith("backlog"))
    assert (backlog["node"], backlog["service"], backlog["level"]) == (f"{cloud.name}-0", "reader", "error")
    assert backlog["file"] == "reader/etc/small/reader.conf" and backlog["line"] > 1
    done = validate(cloud, wrong, "--service", "reader", "--node", f"{cloud.name}-0")
    assert done.code == 1 and f"error: reader/etc/small/reader.conf:{backlog['line']}: backlog = many" in done.out
    assert f"(reader on {cloud.name}-0)" in done.out
    assert not list(cloud.root.rglob("*.conf")), "something is on the node"
    for secret in (cloud.state / cloud.name / "vault.json").read_text().split('"'):
        assert len(secret) < 20 or secret not in done.text


def test_a_clean_one_ends_with_0(cloud: SmallCloud) -> None:
    done = validate(cloud)
    assert done.code == 0, done.text
    assert validate(cloud, "--service", "other").ok().err.endswith(
        "nothing was validated: no container here declares a check\n")


@pytest.mark.parametrize(("words", "said"), [
    (["no-such-generation"], "no generation is called no-such-generation"),
    (["--service", "redaer"], "no service is called redaer (did you mean reader?)"),
    (["--node", "nowhere"], "no node is called nowhere"),
])
def test_what_there_is_not_is_an_error(cloud: SmallCloud, words: list[str], said: str) -> None:
    done = validate(cloud, *words)
    assert done.code == 1 and said in done.err

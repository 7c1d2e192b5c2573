"""Several nodes, and the commands about them, on an engine that only keeps books."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from tests import simulated
from tests.e2e.cloud import Done
from tests.simulated_cloud import SimulatedCloud, service
from treadle.cli.main import main
from treadle.rollout.state import StackState

SERVICES = (service("vip", node_drain={"stop": True}), service("api", 2), service("agent", 3))
NAMES = ("c-0", "c-1", "n-0", "n-1")


class Cloud(SimulatedCloud):
    books: simulated.Books

    def nodes(self, *names: str, file: str = "nodes", shift: int = 0) -> str:
        return self.write_nodes([self.node(name, "Control" if name.startswith("c") else "Work",
                                           1 + shift + NAMES.index(name) if name in NAMES else 9 + shift)
                                 for name in names], file)

    def there(self) -> str:
        """All containers that run, by their nodes."""
        return " ".join(sorted(one["Name"] for one in self.books.containers.values() if one["State"] == "running"))

    def starts(self) -> dict[str, float]:
        return {one["Name"]: one["StartedAt"] for one in self.books.containers.values()}

    def run(self, *words: str, **_: float) -> Done:
        """In this process, which saves each command its start."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as changed:
            changed.setattr("sys.stdin", io.StringIO())
            for name, value in self.variables.items():
                changed.setenv(name, value)
            code = main(list(words[2 if words[0] == "openstack" else 1:]))
        return Done(code, out.getvalue(), err.getvalue())

    def verb(self, *words: str) -> Done:
        verb = 2 if words[0] == "node" else 1
        return self.run("treadle", *words[:verb], "--stack", self.name, *words[verb:])

    def listed(self, column: str = "State") -> dict[str, str]:
        return {row["Name"]: row[column] for row in json.loads(self.verb("node", "list", "-f", "json").out)}

    def losing(self, name: str) -> None:
        """As if the node were another machine, which is not there any more."""
        path = self.state / self.name / "nodes.json"
        nodes = json.loads(path.read_text())
        for one in nodes:
            if one["name"] == name:
                one.update(connection="ssh", ssh={"host": "127.0.0.1", "port": 1})
        path.write_text(json.dumps(nodes))


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """Two controllers and two workers, deployed."""
    with simulated.engine(tmp_path / "engine") as (url, books):
        made = Cloud("many", tmp_path / "cloud", url, "127.0.250.1", "127.0.250.2", 0, services=SERVICES,
                     roles={"Control": ("vip", "api"), "Work": ("agent",)})
        made.books = books
        made.write_files()
        made.nodes(*NAMES)
        made.deploy().ok()
        yield made


def test_a_limited_deploy_touches_what_it_is_limited_to(cloud: Cloud) -> None:
    assert set(cloud.listed().values()) == {"well"} and len(set(cloud.listed("Generation").values())) == 1
    before = cloud.starts()
    changed = cloud.values("new", AgentImage="another:1", ApiImage="another:1")
    assert cloud.deploy(*changed, "--limit", "n-*,!n-1").code == 0
    after = cloud.starts()
    assert [name for name in after if after[name] != before.get(name)] == ["n-0-agent"]
    refused = cloud.deploy(*changed, "--limit", "x-*")
    assert refused.code == 1 and "--limit: x-* is no node, role or group of this stack" in refused.err
    assert cloud.deploy(*changed, "--roles", "Control", "--skip", "c-1").code == 0
    both = cloud.starts()
    assert [name for name in both if both[name] != after.get(name)] == ["c-0-api"]
    words = [*cloud.deploy_words("--yes", *changed, "--limit", "n-1")]
    cloud.losing("c-1")  # who is left out is not even asked
    assert cloud.run(*words[:2], "reconfigure", *[word for word in words[3:] if word not in (
        "--nodes", str(cloud.nodes_file))]).code == 0
    last = cloud.starts()
    assert [name for name in last if last[name] != both.get(name)] == ["n-1-agent"]
    assert cloud.verb("status", "--roles", "Work", "-f", "value", "-c", "Node").out.split() == ["n-0", "n-1"]


def test_a_failure_stops_all_and_resume_goes_on(cloud: Cloud) -> None:
    nothing = ["treadle", "deploy", "--stack", cloud.name, "--yes", "--resume"]
    assert "--resume: there is nothing to go on with" in cloud.run(*nothing).err
    changed = cloud.values("new", AgentImage="another:1", ApiImage="another:1", VipImage="another:1")
    cloud.books.broken = {"c-0-vip.treadle-new", "c-0-vip"}
    failed = cloud.deploy(*changed)
    assert failed.code == 1 and "no space left on device" in failed.err
    assert f"go on: openstack overcloud deploy --stack {cloud.name} --resume" in failed.err
    assert "c-0: failed after Propagate configuration" in failed.out and "n-0: well; stopped after Propag" in failed.out
    assert "did not come to an end. Go on: openstack overcloud deploy" in cloud.verb("status").err
    assert "--resume" in cloud.run(*nothing, "--limit", "n-0").err  # it has its nodes already
    cloud.books.broken = set()
    before = cloud.starts()
    done = cloud.run(*nothing)
    assert done.code == 0 and "Evaluate templates" not in done.err and "--resume" not in cloud.verb("status").err
    after = cloud.starts()
    assert after["c-1-vip"] == before["c-1-vip"], "what was done is not repeated"
    assert set(cloud.listed().values()) == {"well"} and "Nothing to do" in cloud.deploy(*changed).out
    assert "there is nothing to go on with" in cloud.run(*nothing).err


def test_a_deploy_that_a_newer_generation_has_overtaken_is_not_gone_on_with(cloud: Cloud) -> None:
    cloud.books.broken = {"n-0-agent.treadle-new", "n-0-agent"}
    assert cloud.deploy(*cloud.values("new", AgentImage="another:1")).code == 1
    assert "--resume" in cloud.verb("status").err
    cloud.run("treadle", "config", "rollback", "--record-only", "--stack", cloud.name, "--yes").ok()
    refused = cloud.run("treadle", "deploy", "--stack", cloud.name, "--yes", "--resume")
    assert refused.code == 1 and "there is a newer generation since" in refused.err
    assert "--resume" not in cloud.verb("status").err


def test_some_nodes_may_fail_where_that_was_said(cloud: Cloud) -> None:
    cloud.books.broken = {"n-0-agent.treadle-new", "n-0-agent"}
    done = cloud.deploy(*cloud.values("new", AgentImage="another:1"), "--batch", "1", "--max-failures", "1")
    assert done.code == 1 and "1 of 4 nodes failed: n-0" in done.err
    assert "n-0: failed after Step 2" in done.out and "n-1: done" in done.out
    assert cloud.listed() == {"c-0": "well", "c-1": "well", "n-0": "1 to do, in part", "n-1": "well"}


def test_nodes_come_and_go(cloud: Cloud) -> None:
    before = cloud.starts()
    cloud.verb("node", "add", cloud.nodes("n-2", file="more"), "--yes").ok()
    assert cloud.listed() == dict.fromkeys([*NAMES, "n-2"], "well")
    after = cloud.starts()
    assert {name: after[name] for name in before} == before and "n-2-agent" in after
    again = cloud.verb("node", "add", cloud.nodes("n-2", file="more"), "--yes")
    assert again.code == 0 and "Nothing to do" in again.out
    other = cloud.verb("node", "add", cloud.nodes("n-2", file="more", shift=50), "--yes")
    assert other.code == 1 and "n-2 is a node of this stack already, and another one" in other.err
    gone = cloud.verb("node", "remove", "n-0", "c-0", "--yes").ok()
    assert "n-0 (127.100.0.4): containers and configuration go" in gone.out
    assert cloud.there() == "c-1-api c-1-vip n-1-agent n-2-agent"
    assert list(cloud.listed()) == ["c-1", "n-1", "n-2"] and not list((cloud.root / "n-0/var/lib").glob("treadle/*/*"))
    plans = {plan.node: plan for plan in StackState(cloud.state, cloud.name).plans()}
    assert plans["n-1"].hieradata["bootstrap_node"]["bootstrap_nodeid"] == "n-1"
    assert plans["c-1"].hieradata["all_nodes"]["agent_short_node_names"] == ["n-1", "n-2"]
    last = cloud.verb("node", "remove", "n-1", "n-2", "c-1", "--yes")
    assert last.code == 1 and "names no node" in last.err


def test_a_node_that_is_gone_is_removed_by_force(cloud: Cloud) -> None:
    cloud.losing("n-0")
    seen = cloud.verb("node", "list", "-f", "json")
    assert seen.code == 1 and "not looked at: n-0 (127.0.0.1) does not answer" in seen.err
    assert {row["Name"]: row["State"] for row in json.loads(seen.out)}["n-0"] == "does not answer"
    for command in ("status", "drift"):
        looked = cloud.verb(command, "-f", "value")
        assert looked.code == 1 and "not looked at: n-0" in looked.err and "n-0-" not in looked.out
        assert cloud.verb(command, "--skip", "n-0", "-f", "value").code == 0
    refused = cloud.verb("node", "remove", "n-0", "--yes")
    assert refused.code == 1 and "does not answer" in refused.err and "--force" in refused.err
    assert "n-0" in cloud.listed()
    done = cloud.verb("node", "remove", "n-0", "--yes", "--force").ok()
    assert "warning: what n-0 (127.100.0.4) has stays there" in done.err
    assert cloud.listed() == {"c-0": "well", "c-1": "well", "n-1": "well"}


def test_a_replaced_node_is_another_machine(cloud: Cloud) -> None:
    new = cloud.write_nodes([{**cloud.node("c-0", "Control", 30), "root": str(cloud.root / "other")}], "new")
    old = cloud.root / "c-0/var/lib/treadle/many/node"
    assert old.exists()
    cloud.verb("node", "replace", "c-0", new, "--yes").ok()
    assert not old.exists() and (cloud.root / "other/var/lib/treadle/many/node").exists()
    assert list(cloud.listed()) == ["c-1", "c-0", "n-0", "n-1"] and set(cloud.listed().values()) == {"well"}
    plans = {plan.node: plan for plan in StackState(cloud.state, cloud.name).plans()}
    assert plans["c-0"].hieradata["bootstrap_node"]["bootstrap_nodeid"] == "c-1"
    same = cloud.verb("node", "replace", "c-0", new, "--yes")
    assert same.code == 1 and "c-0 is the same machine there" in same.err


def test_a_drained_node_stays_so_until_somebody_says_otherwise(cloud: Cloud) -> None:
    assert "c-0: vip stopped" in cloud.verb("node", "drain", "c-0", "--message", "new disks").ok().out
    assert cloud.there() == "c-0-api c-1-api c-1-vip n-0-agent n-1-agent" and cloud.listed()["c-0"] == "drained"
    assert "Nothing to do" in cloud.deploy().ok().out
    assert cloud.there() == "c-0-api c-1-api c-1-vip n-0-agent n-1-agent"
    asked = cloud.verb("node", "drain", "n-0", "--stop")
    assert asked.code == 1 and "add --yes" in asked.err
    cloud.verb("node", "drain", "n-0", "--stop", "--yes").ok()
    assert cloud.there() == "c-0-api c-1-api c-1-vip n-1-agent"
    cloud.verb("node", "undrain", "c-0", "n-0").ok()
    assert cloud.there() == "c-0-api c-0-vip c-1-api c-1-vip n-0-agent n-1-agent"
    assert set(cloud.listed().values()) == {"well"}
    assert "no node is called c-9" in cloud.verb("node", "drain", "c-9").err

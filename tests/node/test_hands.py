"""What people did on a node: remembered, and in words."""

import re

from tests.support import KEY, node_plan, tree
from treadle.node.drift import changed_files
from treadle.node.hands import Stop, Stops
from treadle.paths import NodePaths
from treadle.plan.nodeplan import Script


def test_what_was_stopped_is_remembered_with_who_when_and_why(tmp_path):
    stops = Stops(tmp_path / "node/stopped.json")
    assert stops.all() == {}
    stops.remove(["a"])
    assert not stops.path.exists()
    stops.add(["a", "b"], "me@here", "disk")
    stops.add(["b", "c"], "you@there", "")
    assert {name: (stop.who, stop.why) for name, stop in stops.all().items()} == {
        "a": ("me@here", "disk"), "b": ("me@here", "disk"), "c": ("you@there", "")}
    assert re.fullmatch(r"stopped by me@here since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d: disk", stops.words()["a"])
    stops.remove(["a", "c", "z"])
    assert set(stops.words()) == {"b"}


def test_without_a_reason():
    assert str(Stop("me", 0.0)).startswith("stopped by me since 1") and not str(Stop("me", 0.0)).endswith(":")


def test_changed_files_are_masked_and_what_is_as_deployed_is_left_out(tmp_path):
    plan = node_plan(root=str(tmp_path), scripts={"s.sh": Script("true\n", "0755")}, fingerprint_key=KEY)
    paths = NodePaths(plan.stack, plan.root)
    trees = {"a": tree("etc", **{"etc/a.conf": "[db]\npassword = one-secret\n"}), "b": tree(**{"b": "x"})}
    (paths.volumes / "a/etc").mkdir(parents=True)
    (paths.volumes / "a/etc/a.conf").write_text("[db]\npassword = other-secret\n")
    (paths.volumes / "a/etc/a.conf").chmod(0o640)
    found = changed_files(plan, trees, lambda text: text.replace("one-secret", "@secret:P@"))
    assert found == {"volume:a": ["a.conf [db] password @secret:P@ → (hidden)"], "volume:b": ["removed"],
                     "script:s.sh": ["removed"]}
    paths.scripts.mkdir(parents=True)
    (paths.scripts / "s.sh").write_text("true\n")
    (paths.scripts / "s.sh").chmod(0o755)
    assert "script:s.sh" not in changed_files(plan, trees, str)

"""What differs between two generations: each identical change once, with the nodes that it is on."""

import pytest

from tests.support import tree, with_file
from treadle.generate.tree import ConfigTree
from treadle.history import History, NodeSnapshot, Repository, Vault
from treadle.history.difference import difference

AUTHOR = "me <me@host>"
SECRETS = {"P": "one-secret", "Q": "another-secret"}


@pytest.fixture
def history(tmp_path):
    return History(Repository(tmp_path / "history.git"), Vault(tmp_path / "vault.json", b"key"))


def record(history, volumes, secrets=SECRETS, documents=None):
    """``volumes``: ``{node: {volume: tree}}``."""
    nodes = {node: NodeSnapshot(trees, (documents or {}).get(node, {})) for node, trees in volumes.items()}
    names = "[" + ", ".join(f'"{node}"' for node in volumes) + "]"
    done = history.record(nodes, secrets, author=AUTHOR, message="m", common={"nodes.json": names.encode()})
    return history.at(done.id)


def files(one):
    return [(c.volume, c.path, bool(c.old), bool(c.new), c.nodes) for c in one.files]


A, B, C = tree("etc", **{"etc/a": "1"}), tree("etc", **{"etc/a": "2"}), tree("etc", **{"etc/a": "3"})
BOTH = ("n0", "n1")


@pytest.mark.parametrize(("old", "new", "found"), [
    ({"n0": {"v": A}, "n1": {"v": A}}, {"n0": {"v": A}, "n1": {"v": A}}, []),
    ({"n0": {"v": A}, "n1": {"v": A}}, {"n0": {"v": B}, "n1": {"v": B}}, [("v", "etc/a", True, True, BOTH)]),
    ({"n0": {"v": A}, "n1": {"v": A}}, {"n0": {"v": B}, "n1": {"v": C}},
     [("v", "etc/a", True, True, ("n0",)), ("v", "etc/a", True, True, ("n1",))]),
    ({"n0": {"v": A}, "n1": {"v": B}}, {"n0": {"v": A}, "n1": {"v": C}}, [("v", "etc/a", True, True, ("n1",))]),
    ({"n0": {"v": A}}, {"n0": {"v": tree("etc")}}, [("v", "etc/a", True, False, ("n0",))]),
    ({"n0": {"v": A}}, {"n0": {"v": tree("etc", **{"etc/a": "1", "etc/b": "1"})}},
     [("v", "etc/b", False, True, ("n0",))]),
    ({"n0": {"v": A}}, {"n0": {"v": with_file(A, "etc/a", mode=0o600)}}, [("v", "etc/a", True, True, ("n0",))]),
    ({"n0": {"v": A}}, {"n0": {"v": with_file(A, "etc", uid=42)}}, [("v", "etc", True, True, ("n0",))]),
])
def test_files_that_differ(history, old, new, found):
    assert files(difference(record(history, old), record(history, new))) == found


def test_a_side_leads_to_what_git_holds(history):
    one = difference(record(history, {"n0": {"v": A}}), record(history, {"n0": {"v": B}}))
    [change] = one.files
    contents = history.repository.blobs([change.old.id, change.new.id])
    assert [contents[change.old.id], contents[change.new.id]] == [b"1", b"2"]


def test_a_changed_secret_is_found_where_git_holds_the_same(history):
    there = {"n0": {"v": tree(a="x = one-secret", b="y")}}
    later = {"n0": {"v": tree(a="x = new-secret", b="y")}}
    one = difference(record(history, there), record(history, later, {**SECRETS, "P": "new-secret"}))
    assert one.secrets == {"P": "changed"}
    [change] = one.files
    assert change.path == "a" and change.old.id == change.new.id and change.old.digest != change.new.digest
    assert history.repository.blobs([change.new.id]) == {change.new.id: b"x = @secret:P@"}


@pytest.mark.parametrize(("old", "new", "what"), [
    ({}, {"P": "one-secret"}, {"P": "added"}), ({"P": "one-secret"}, {}, {"P": "removed"}),
    ({"P": "one-secret"}, {"P": "one-secret"}, {}), ({"P": "short"}, {"P": "other"}, {"P": "changed"}),
])
def test_secrets_that_differ(history, old, new, what):
    there = {"n0": {"v": A}}
    assert difference(record(history, there, old), record(history, there, new)).secrets == what


def test_whole_volumes_and_nodes(history):
    one = difference(record(history, {"n0": {"v": A}, "n1": {"v": A}, "n2": {"v": A}}),
                     record(history, {"n0": {"v": A, "w": A}, "n1": {"w": A}, "n3": {"v": A}}))
    assert [(c.volume, c.added, c.files, c.nodes) for c in one.volumes] == [
        ("v", False, 1, ("n1",)), ("w", True, 1, BOTH)]
    assert (one.nodes_added, one.nodes_removed) == (("n3",), ("n2",))
    assert {c.nodes for c in one.files} == {BOTH, ("n1",)}


def test_against_nothing(history):
    one = difference(None, record(history, {"n0": {"v": A}}))
    assert one.nodes_added == ("n0",) and one.secrets == {"P": "added", "Q": "added"} and not one.files


def test_documents(history):
    there = {"n0": {}, "n1": {}}
    old = record(history, there, documents={"n0": {"d.json": b"1", "e": b"one-secret"}, "n1": {"d.json": b"1"}})
    new = record(history, there, {**SECRETS, "P": "new-secret"},
                 documents={"n0": {"d.json": b"2", "e": b"new-secret"}, "n1": {"d.json": b"2"}})
    one = difference(old, new)
    assert [(paper.name, paper.nodes, paper.old == paper.new) for paper in one.papers] == [
        ("d.json", BOTH, False), ("e", ("n0",), True)]


def test_only_the_nodes_that_are_asked_for(history):
    old, new = record(history, {"n0": {"v": A}, "n1": {"v": A}}), record(history, {"n0": {"v": B}, "n1": {"v": B}})
    assert files(difference(old, new, ["n1"])) == [("v", "etc/a", True, True, ("n1",))]
    assert difference(old, new, []).nothing


def test_a_link_and_a_file_that_became_a_folder(history):
    old = ConfigTree({**tree(a="1").files})
    new = tree("a", **{"a/b": "1"})
    assert files(difference(record(history, {"n0": {"v": old}}), record(history, {"n0": {"v": new}}))) == [
        ("v", "a", True, True, ("n0",)), ("v", "a/b", False, True, ("n0",))]

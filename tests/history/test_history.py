"""A generation is a commit of a real repository that gives back what was recorded, and holds no secret."""

import base64
import os
import stat
import subprocess
from urllib.parse import quote

import pytest
from hypothesis import given, settings

from tests.strategies import trees
from tests.support import tree, with_file
from treadle.errors import HistoryError
from treadle.generate.tree import ConfigTree, File
from treadle.history import History, NodeSnapshot
from treadle.secrets import Secrets

PASSWORD = "p4ss/word+with=odd&chars"
FERNET = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE="
SECRETS = Secrets({"AdminPassword": PASSWORD, "Keys[/etc/k/0][content]": FERNET})
AUTHOR = "me@host <me@host>"


def record(history, volumes, message="why", **more):
    return history.record({"node-0": NodeSnapshot(volumes, more.pop("documents", {}))}, author=AUTHOR, message=message,
                          **more)


@pytest.fixture
def history(tmp_path):
    return History.open(tmp_path / "history.git", SECRETS)


def every_object(history):
    return subprocess.run(["git", "cat-file", "--batch-all-objects", "--batch"], check=True, capture_output=True,
                          env={**os.environ, "GIT_DIR": str(history.repository.path)}).stdout


def test_same_content_makes_no_new_generation(history):
    first = record(history, {"v": tree(a="x")})
    again = record(history, {"v": tree(a="x")}, "other words")
    assert first.new and not again.new and again.id == first.id
    assert len(history.log()) == 1


@pytest.mark.parametrize("other", [
    {"v": tree(a="y")}, {"v": tree(a="x", b="x")}, {"v": tree()}, {"w": tree(a="x")}, {},
    {"v": with_file(tree(a="x"), "a", mode=0o600)}, {"v": with_file(tree(a="x"), "a", uid=42)}, {"v": tree("d", a="x")},
])
def test_any_difference_makes_one(history, other):
    first = record(history, {"v": tree(a="x")})
    second = record(history, other, "because")
    assert second.new and second.id != first.id
    newest, before = history.log()
    assert (newest.id, newest.message, newest.author) == (second.id, "because", "me@host")
    assert before.id == first.id
    assert history.newest() == newest
    assert history.volumes(first.id, "node-0") == {"v": tree(a="x")}
    assert history.volumes(second.short, "node-0") == other


def test_inputs_and_documents_count(history):
    ids = {record(history, {}).id, record(history, {}, inputs={"a": 1}).id,
           record(history, {}, inputs={"a": 1}, documents={"step.json": {"b": 2}}).id}
    assert len(ids) == 3


def test_no_object_holds_a_secret(history):
    forms = [PASSWORD, quote(PASSWORD, safe=""), base64.b64encode(PASSWORD.encode()).decode(), FERNET]
    text = "\n".join([f"one = {form}" for form in forms] + [f"url = mysql://k:{forms[1]}@host/db",
                     "auth = " + base64.b64encode(f"user:{PASSWORD}".encode()).decode()])
    volume = ConfigTree({**tree("etc", **{"etc/a.conf": text}).files,
                         "etc/link": File("link", 0o777, 0, 0, f"/{PASSWORD}/x".encode())})
    done = record(history, {"v": volume}, inputs={"password": PASSWORD, "deep": [{"k": FERNET}]},
                  documents={"d.json": {"a": text}})
    held = every_object(history)
    for form in forms:
        assert form.encode() not in held
    assert b"@secret:AdminPassword@" in held
    assert history.volumes(done.id, "node-0") == {"v": volume}
    shown = history.volumes(done.id, "node-0", masked=True)["v"].files["etc/a.conf"].content.decode()
    assert shown.startswith("one = @secret:AdminPassword@\none = @secret:AdminPassword:url@\n")


def test_a_secret_that_is_a_word_of_a_path_changes_no_path(tmp_path):
    """People do choose passwords such as "keystone"."""
    history = History.open(tmp_path / "h", Secrets({"P": "keystone"}))
    volumes = {"keystone": tree("etc", **{"etc/keystone.conf": "password = keystone\n"})}
    assert history.volumes(record(history, volumes).id, "node-0") == volumes


def test_a_secret_that_is_no_longer_known_is_named(history):
    done = record(history, {"v": tree(**{"a.conf": f"x = {PASSWORD}"})})
    later = History.open(history.repository.path, Secrets())
    with pytest.raises(HistoryError, match=r"the secret AdminPassword of a\.conf is no longer known"):
        later.volumes(done.id, "node-0")
    assert b"@secret:AdminPassword@" in later.volumes(done.id, "node-0", masked=True)["v"].files["a.conf"].content


def test_what_is_not_there(history):
    with pytest.raises(HistoryError, match="no generation is called nonsense"):
        history.volumes("nonsense", "node-0")
    assert history.newest() is None and history.log() == []
    assert history.volumes(record(history, {}).id, "node-9") == {}


def test_nodes_whose_names_begin_alike_stay_apart(history):
    done = history.record({"n": NodeSnapshot({"v": tree(a="1")}), "n1": NodeSnapshot({"v": tree(a="2")})},
                          author=AUTHOR, message="m")
    assert history.volumes(done.id, "n") == {"v": tree(a="1")}
    assert history.volumes(done.id, "n1") == {"v": tree(a="2")}


def test_only_its_owner_reads_it(history):
    assert stat.S_IMODE(history.repository.path.stat().st_mode) == 0o700


def test_what_a_killed_run_left_is_in_nobodys_way(history):
    """A run that dies between writing objects and moving the branch leaves its scratch reference."""
    first = record(history, {"v": tree(a="x")})
    subprocess.run(["git", "update-ref", f"refs/treadle/new-{os.getpid()}", first.id], check=True,
                   env={**os.environ, "GIT_DIR": str(history.repository.path)})
    assert record(history, {"v": tree(a="y")}).new
    assert len(history.log()) == 2


def test_a_damaged_repository_is_an_error_that_names_it(history):
    record(history, {"v": tree(a="x")})
    (history.repository.path / "HEAD").write_text("nonsense")
    with pytest.raises(HistoryError, match=r"history\.git"):
        record(history, {"v": tree(a="y")})


@settings(max_examples=25)
@given(trees, trees)
def test_every_tree_comes_back(tmp_path_factory, one, two):
    history = History.open(tmp_path_factory.mktemp("h") / "history.git", SECRETS)
    volumes = {"one": one, "two.x": two}
    done = record(history, volumes)
    assert history.volumes(done.id, "node-0") == volumes


def test_what_a_killed_commit_left_hinders_no_other(history):
    first = record(history, {"a": tree(f="1")}).id
    path = history.repository.path
    for lock in ("refs/heads/generated.lock", "HEAD.lock", "packed-refs.lock"):
        (path / lock).write_text("")
    subprocess.run(["git", "update-ref", "refs/treadle/new-1", first], check=True,
                   env={**os.environ, "GIT_DIR": str(path)})
    assert record(history, {"a": tree(f="2")}).new
    assert list(path.rglob("*.lock")) == []
    assert history.repository.resolve("refs/treadle/new-1") is None

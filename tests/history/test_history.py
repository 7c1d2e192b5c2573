"""A generation is a commit of a real repository that gives back what was recorded, and holds no secret."""

import base64
import json
import os
import stat
import subprocess
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given, settings

from tests.strategies import trees
from tests.support import node_plan, tree, with_file
from treadle.errors import HistoryError
from treadle.generate.tree import ConfigTree, File
from treadle.history import LARGEST, History, NodeSnapshot, Repository, Vault, shared, snapshot
from treadle.plan.nodeplan import Script

PASSWORD = "p4ss/word+with=odd&chars"
FERNET = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE="
SECRETS = {"AdminPassword": PASSWORD, "Keys[/etc/k/0][content]": FERNET}
AUTHOR = "me@host <me@host>"


def record(history, volumes, message="why", *, secrets=SECRETS, documents=None, common=None):
    return history.record({"node-0": NodeSnapshot(volumes, documents or {})}, secrets, author=AUTHOR, message=message,
                          common={"nodes.json": b'["node-0"]', **(common or {})})


def opened(folder):
    return History(Repository(folder / "history.git"), Vault(folder / "vault.json", b"key"))


@pytest.fixture
def history(tmp_path):
    return opened(tmp_path)


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
    assert history.at(first.id).volumes("node-0") == {"v": tree(a="x")}
    assert history.at(second.short).volumes("node-0") == other


def test_inputs_and_documents_count(history):
    ids = {record(history, {}).id, record(history, {}, common={"inputs.json": b"1"}).id,
           record(history, {}, common={"inputs.json": b"1"}, documents={"step.json": b"2"}).id}
    assert len(ids) == 3


def test_no_object_holds_a_secret(history):
    forms = [PASSWORD, quote(PASSWORD, safe=""), base64.b64encode(PASSWORD.encode()).decode(), FERNET]
    text = "\n".join([f"one = {form}" for form in forms] + [f"url = mysql://k:{forms[1]}@host/db",
                     "auth = " + base64.b64encode(f"user:{PASSWORD}".encode()).decode()])
    volume = ConfigTree({**tree("etc", **{"etc/a.conf": text}).files,
                         "etc/link": File("link", 0o777, 0, 0, f"/{PASSWORD}/x".encode())})
    done = record(history, {"v": volume}, common={"inputs.json": json.dumps({"a": PASSWORD, "b": FERNET}).encode()},
                  documents={"d.json": json.dumps({"a": text}).encode()})
    held = every_object(history)
    for form in forms:
        assert form.encode() not in held
    assert b"@secret:AdminPassword@" in held
    assert history.at(done.id).volumes("node-0") == {"v": volume}
    shown = history.at(done.id).masked("node-0")["v"].files["etc/a.conf"].content.decode()
    assert shown.startswith("one = @secret:AdminPassword@\none = @secret:AdminPassword:url@\n")


def test_a_secret_that_is_a_word_of_a_path_changes_no_path(history):
    """People do choose passwords such as "keystone"."""
    volumes = {"keystone": tree("etc", **{"etc/keystone.conf": "password = keystone\n"})}
    done = record(history, volumes, secrets={"P": "keystone"})
    assert history.at(done.id).volumes("node-0") == volumes


def test_a_changed_secret_is_a_new_generation_and_the_old_one_keeps_its_value(history):
    text = "password = {}\n"
    first = record(history, {"v": tree(a=text.format("one-secret"))}, secrets={"P": "one-secret"})
    second = record(history, {"v": tree(a=text.format("other-secret"))}, secrets={"P": "other-secret"})
    assert second.new
    assert [history.at(done.id).masked("node-0")["v"].files["a"].content for done in (first, second)] == [
        b"password = @secret:P@\n"] * 2
    assert history.at(first.id).volumes("node-0")["v"].files["a"].content == b"password = one-secret\n"
    assert history.at(first.id).digests != history.at(second.id).digests


def test_what_becomes_a_secret_is_masked_from_then_on(history):
    volumes = {"v": tree(a="password = one-secret\n")}
    record(history, volumes, secrets={})
    done = record(history, volumes, secrets={"P": "one-secret"})
    assert history.at(done.id).masked("node-0")["v"].files["a"].content == b"password = @secret:P@\n"


def test_a_secret_that_is_no_longer_known_is_named(history, tmp_path):
    done = record(history, {"v": tree(**{"a.conf": f"x = {PASSWORD}"})})
    (tmp_path / "vault.json").unlink()
    with pytest.raises(HistoryError, match="not known here: AdminPassword"):
        history.at(done.id).volumes("node-0")
    assert b"@secret:AdminPassword@" in history.at(done.id).masked("node-0")["v"].files["a.conf"].content


def test_what_is_not_there(history):
    assert history.newest() is None and history.log() == []
    with pytest.raises(HistoryError, match="nothing was generated yet"):
        history.at()
    done = record(history, {})
    with pytest.raises(HistoryError, match=r"no generation is called newst \(did you mean newest"):
        history.at("newst")
    assert history.at(done.id).volumes("node-9") == {}
    with pytest.raises(HistoryError, match=r"has no node node-9 \(did you mean node-0"):
        history.at(done.id).plan("node-9")


def test_nodes_whose_names_begin_alike_stay_apart(history):
    done = history.record({"n": NodeSnapshot({"v": tree(a="1")}), "n1": NodeSnapshot({"v": tree(a="2")})}, {},
                          author=AUTHOR, message="m")
    history.record({"n": NodeSnapshot({"v": tree(a="3")}), "n1": NodeSnapshot({"v": tree(a="2")})}, {},
                   author=AUTHOR, message="m")
    assert history.at(done.id).volumes("n") == {"v": tree(a="1")}
    assert history.at().volumes("n") == {"v": tree(a="3")}
    assert history.at().volumes("n1") == {"v": tree(a="2")}


def test_a_node_plan_comes_back_to_the_byte(history):
    container = {"image": "i:1", "command": ["sh", "-c", f"echo {PASSWORD}"], "volumes": ["/a:/b:ro"]}
    plan = msgspec.structs.replace(
        node_plan({1: {"one": container}, 2: {"two": container}}), secrets=SECRETS, fingerprint_key=b"key".hex(),
        hieradata={"service_configs": {"a::password": PASSWORD, "b": [1, None, {"c": True}]}},
        kolla_config={"/var/lib/kolla/config_files/one.json": {"command": "x"}},
        scripts={"s.sh": Script("echo 1\n", "0700")}, puppet_modules={"treadle/manifests/init.pp": "class a {}\n"},
        tasks={"update_tasks": [{"name": "one", "command": f"log in with {PASSWORD}"}]})
    done = history.record({plan.node: snapshot(plan, {}, {"i:1": "sha256:1"})}, plan.secrets, author=AUTHOR,
                          message="m", common=shared([plan], {"templates": "digest"}))
    there = history.at(done.id)
    assert there.plans() == [plan]
    assert there.images(plan.node) == {"i:1": "sha256:1"} and there.inputs == {"templates": "digest"}
    assert PASSWORD.encode() not in every_object(history)


def test_a_plan_without_tasks_is_recorded_as_before_there_were_any():
    names = snapshot(node_plan(), {}, {}).documents
    assert "tasks.json" not in names and b'"tasks"' not in names["plan.json"]


def test_a_new_generation_with_an_old_tree(history):
    first = record(history, {"v": tree(a="1")})
    second = record(history, {"v": tree(a="2")})
    back = history.again(first.id, author=AUTHOR, message="back")
    assert back.new and back.tree == first.tree and back.parents == (second.id,) and back.author == "me@host"
    again = history.again(first.id, author=AUTHOR, message="back")
    assert not again.new and again.id == back.id


@pytest.mark.parametrize("path", ["nodes/node-0/v/a", "documents/node-0/d.json"])
def test_what_was_edited_in_git_is_refused(history, tmp_path, path):
    plan = node_plan({1: {"one": {"image": "i:1"}}})
    history.record({plan.node: NodeSnapshot({"v": tree(a="1")}, {**snapshot(plan, {}, {}).documents, "d.json": b"1"})},
                   {}, author=AUTHOR, message="m", common=shared([plan], {}))
    path = path.replace("node-0", plan.node)
    work = tmp_path / "work"
    for words in (["clone", "-q", str(history.repository.path), str(work)],
                  ["-C", str(work), "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qam", "by hand"],
                  ["-C", str(work), "push", "-q", "origin", "generated"]):
        if "commit" in words:
            (work / path).write_text("2")
        subprocess.run(["git", *words], check=True)
    with pytest.raises(HistoryError, match=f"{path} is not what was generated"):
        history.at().volumes(plan.node), history.at().plan(plan.node)


@pytest.mark.parametrize("path", ["nodes/node-0/v/a", "nodes/node-0/v/stray", "nodes/node-9/v/stray",
                                  "documents/node-0/d.json", "documents/node-0/stray"])
def test_generating_anew_puts_right_what_was_edited_in_git(history, tmp_path, path):
    volumes, documents = {"v": tree(a="1")}, {"d.json": b"1"}
    first = record(history, volumes, documents=documents)
    work = tmp_path / "work"
    subprocess.run(["git", "clone", "-q", str(history.repository.path), str(work)], check=True)
    (work / path).parent.mkdir(parents=True, exist_ok=True)
    (work / path).write_text("2")
    subprocess.run(["git", "-C", str(work), "add", "-A"], check=True)
    subprocess.run(["git", "-C", str(work), "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "h"],
                   check=True)
    subprocess.run(["git", "-C", str(work), "push", "-q", "origin", "generated"], check=True)
    again = record(history, volumes, documents=documents)
    assert again.new and again.tree == first.tree


def test_a_file_that_is_too_large_is_refused(history):
    with pytest.raises(HistoryError, match=r"node node-0\.v: the file a has 17 MiB; 16 are the most"):
        record(history, {"v": with_file(tree(a="x"), "a", content=b"x" * (LARGEST + (1 << 20)))})
    assert history.newest() is None


def test_only_its_owner_reads_it(history):
    record(history, {})
    assert stat.S_IMODE(history.vault.path.stat().st_mode) == 0o600
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
    history = opened(tmp_path_factory.mktemp("h"))
    for volumes in ({"one": one, "two.x": two}, {"one": two, "two.x": two}, {"one": one}):
        done = record(history, volumes)
        assert history.at(done.id).volumes("node-0") == volumes


def test_what_a_killed_commit_left_hinders_no_other(history):
    first = record(history, {"a": tree(f="1")}).id
    path = history.repository.path
    for lock in ("refs/heads/generated.lock", "HEAD.lock", "packed-refs.lock"):
        (path / lock).write_text("")
    subprocess.run(["git", "update-ref", "refs/treadle/new-1", first], check=True,
                   env={**os.environ, "GIT_DIR": str(path)})
    assert record(history, {"a": tree(f="2")}).new
    assert [lock.name for lock in path.rglob("*.lock")] == ["treadle.lock"]
    assert history.repository.resolve("refs/treadle/new-1") is None


@pytest.mark.parametrize("damage", ["pack", "ref", "objects"])
def test_damaged_objects_are_an_error_that_says_what_to_do(history, damage):
    record(history, {"v": tree(a="x" * 1000)})
    path = history.repository.path
    if damage == "ref":
        (path / "refs/heads/generated").write_text("0123456789" * 4 + "\n")
    for pack in [*path.rglob("*.pack"), *(path / "objects").glob("??/*")] if damage != "ref" else []:
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:100] + b"damage" if damage == "pack" else b"")
    for read in (lambda: history.at().volumes("node-0"), lambda: record(history, {"v": tree(a="y")})):
        with pytest.raises(HistoryError) as caught:
            read()
        assert str(path) in str(caught.value) and "restore the repository" in caught.value.hint, str(caught.value)

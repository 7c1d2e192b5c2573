"""Generations from another git server: a branch, a tag or a commit of it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import tree
from treadle.errors import HistoryError
from treadle.history import History, NodeSnapshot, Repository, Vault


def git(*words):
    subprocess.run(["git", *map(str, words)], check=True, capture_output=True)


@dataclass
class Server:
    """What somebody else generated, ``one`` and ``two``, and the server that it is on."""

    folder: Path
    ids: dict[str, str]

    @property
    def url(self) -> str:
        return (self.folder / "server.git").as_uri()

    def point(self, branch, content):
        git("--git-dir", self.folder / "their.git", "push", "-qf", self.url, f"{self.ids[content]}:refs/heads/{branch}")


def opened(folder, name):
    return History(Repository(folder / name), Vault(folder / "vault.json", b"key"))


@pytest.fixture
def server(tmp_path):
    theirs = opened(tmp_path, "their.git")
    ids = {content: theirs.record({"n": NodeSnapshot({"v": tree(a=content)})}, {}, author="they <they@host>",
                                  message=content, common={"nodes.json": b'["n"]'}).id for content in ("one", "two")}
    git("init", "-q", "--bare", tmp_path / "server.git")
    made = Server(tmp_path, ids)
    made.point("main", "one")
    git("--git-dir", tmp_path / "their.git", "tag", "-m", "a label", "-a", "label", ids["two"])
    git("--git-dir", tmp_path / "their.git", "push", "-q", made.url, "label")
    return made


@pytest.fixture
def ours(tmp_path):
    return opened(tmp_path, "our.git")


@pytest.mark.parametrize(("ref", "content"), [
    ("main", "one"), ("refs/heads/main", "one"), ("label", "two"), ("{two}", "two")])
def test_a_branch_a_tag_or_a_commit(server, ours, ref, content):
    found = ours.fetch(server.url, ref.format(**server.ids))
    assert (found.id, found.author, found.message) == (server.ids[content], "they", content)
    assert ours.at(found.id).volumes("n") == {"v": tree(a=content)}
    assert ours.newest() is None, "what others generated is not what was generated here last"


def test_a_ref_that_went_on_is_taken_and_one_that_was_taken_back_is_refused(server, ours):
    ours.fetch(server.url, "main")
    server.point("main", "two")
    assert ours.fetch(server.url, "main").id == server.ids["two"]
    server.point("main", "one")
    for _ in range(2):
        with pytest.raises(HistoryError, match="main moved: it was"):
            ours.fetch(server.url, "main")
    assert ours.fetch(server.url, "main", moved=True).id == server.ids["one"]
    assert ours.fetch(server.url, "main").id == server.ids["one"]


@pytest.mark.parametrize(("url", "ref", "said"), [
    ("{server}", "nowhere", r"no branch, tag or commit of that server is called so"),
    ("{server}x", "main", "check the address"),
    ("ssh://127.0.0.1:1/x.git", "main", "check the address"),
    ("http://127.0.0.1:1/x.git", "main", "check the address"),
    ("{server}", "--upload-pack=x", "is no branch, tag or commit"),
    ("{server}", "main:refs/heads/generated", "is no branch, tag or commit"),
    ("--upload-pack=touch x", "main", "git fetch failed"),
    ("ext::touch x", "main", "git fetch failed"),
])
def test_what_cannot_be_had(server, ours, tmp_path, monkeypatch, url, ref, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HistoryError) as caught:
        ours.fetch(url.format(server=server.url), ref)
    assert said in str(caught.value)
    assert not (tmp_path / "x").exists() and ours.newest() is None


def test_what_is_no_generation_is_refused(ours, tmp_path):
    git("init", "-q", "-b", "main", tmp_path / "other")
    git("-C", tmp_path / "other", "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x", "--allow-empty")
    with pytest.raises(HistoryError, match="is a commit, but no generation of this version"):
        ours.fetch((tmp_path / "other").as_uri(), "main")

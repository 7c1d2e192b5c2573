"""Names of generations: which may be, which are taken, and how all that takes a generation's name resolves them."""

import pytest

from treadle.errors import HistoryError, InputError
from treadle.history import GOOD, History, NodeSnapshot, Repository, Vault
from treadle.history.summary import changes, images
from treadle.history.tags import anchors, checked, tag, tags, untag
from treadle.history.trailer import anchored, said

ME = "me@here"
AUTHOR = f"{ME} <{ME}>"


@pytest.fixture
def history(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    return History(Repository(tmp_path / "history.git"), Vault(tmp_path / "vault.json", b"k" * 32))


def record(history, message="why", nodes=("n",), **documents):
    parts = {name.replace("_json", ".json"): text.encode() for name, text in documents.items()}
    return history.record({node: NodeSnapshot({}, parts) for node in nodes}, {}, author=AUTHOR, message=message)


@pytest.fixture
def pair(history):
    return record(history, a="1"), record(history, a="2")


def test_every_name_of_a_generation(history, pair):
    first, second = pair
    tag(history.repository, "release-7", first.id, who=ME, message="the seventh")
    history.repository.run("tag", "light", first.id)
    history.repository.point(GOOD, first.id)
    for name, meant in (("newest", second), ("good", first), ("release-7", first), ("light", first),
                        (first.id, first), (second.id[:7], second), (first.short, first)):
        assert history.find(name).id == meant.id, name
    assert tags(history.repository) == {"light": first.id, "release-7": first.id}


@pytest.mark.parametrize("name", ["release-8", "good", "00000000", "approved/x/y", "", "--all"])
def test_what_names_none(history, pair, name):
    tag(history.repository, "release-7", pair[0].id, who=ME, message="")
    with pytest.raises(HistoryError, match=r"openstack overcloud config history") as caught:
        history.find(name)
    assert ("did you mean release-7?" in str(caught.value)) == (name == "release-8")


@pytest.mark.parametrize("name", ["approved/x", "rejected/x/y", "approved", "newest", "good", "HEAD", "abcd", "f" * 40,
                                  "-x", "a b", "a..b", "a~", "", "a.lock", "x/"])
def test_names_that_may_not_be(history, pair, name):
    with pytest.raises(InputError, match="NAME: "):
        tag(history.repository, name, pair[0].id, who=ME, message="")
    assert tags(history.repository) == {}


@pytest.mark.parametrize("name", ["release-7", "2026-11-21", "a/b", "abc", "v1.0", "é"])
def test_names_that_may_be(history, pair, name):
    assert checked(history.repository, name) == name
    tag(history.repository, name, pair[0].id, who=ME, message="")
    assert history.find(name).id == pair[0].id


def test_a_name_is_not_moved_by_mistake(history, pair):
    first, second = pair
    tag(history.repository, "live", first.id, who=ME, message="")
    tag(history.repository, "live", first.id, who=ME, message="again")
    with pytest.raises(InputError, match=rf"live is the name of generation {first.short}\n.*--force"):
        tag(history.repository, "live", second.id, who=ME, message="")
    tag(history.repository, "live", second.id, who=ME, message="", force=True)
    assert tags(history.repository) == {"live": second.id}
    assert untag(history.repository, "live") == second.id and tags(history.repository) == {}
    with pytest.raises(InputError, match="no tag is called live"):
        untag(history.repository, "live")


def test_a_decision_is_no_name_to_take_away(history, pair):
    history.repository.run("tag", "approved/x/y", pair[0].id)
    with pytest.raises(InputError, match="no tag is called approved/x/y"):
        untag(history.repository, "approved/x/y")


def test_the_journals_hash_is_kept_apart_from_the_message(history):
    assert anchors(history.repository) == {}
    first = record(history, anchored("why\n\nwhy more\n", "ab" * 32), a="1")
    record(history, "without", a="2")
    assert anchors(history.repository) == {first.id: "ab" * 32}
    assert history.find(first.id).message == "why\n\nwhy more"


@pytest.mark.parametrize("message", ["why", "", "a\n\nb", "Journal: yes\n\nb", "a\nJournalist: x"])
def test_a_message_comes_back(message):
    assert said(anchored(message, "ab")) == message == said(message)


def test_what_changed_in_short(history):
    first = record(history, nodes=("a", "b"), images_json='{"keystone": "sha256:1"}', plan_json="1")
    second = record(history, nodes=("a", "b"), images_json='{"keystone": "sha256:2"}', plan_json="1")
    assert changes(history.repository, first) == {"images.json": ["a", "b"], "plan.json": ["a", "b"],
                                                  "secrets.json": []}
    assert changes(history.repository, second) == {"images.json": ["a", "b"]}
    assert images(history.repository, second) == {"keystone": "sha256:2"}

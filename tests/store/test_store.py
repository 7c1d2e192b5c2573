"""Settings in scopes: the narrowest wins, every change is kept, a file that is none is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InputError
from treadle.store import Scope, Setting, Store, effective
from treadle.store.scopes import KINDS

HERE = {"region": "north", "aggregate": "ssd", "hardware": "r7", "host": "a"}


@pytest.mark.parametrize(("scopes", "wins"), [
    (["global"], "global"),
    (["global", "region=north"], "region=north"),
    (["host=a", "global", "hardware=r7"], "host=a"),
    (["region=south", "global"], "global"),
    (["region=south"], None),
    (["aggregate=ssd", "region=north"], "aggregate=ssd"),
])
def test_the_narrowest_scope_of_the_node_wins(scopes, wins):
    found = effective([Setting(Scope.parse(s), "k", s) for s in scopes], HERE)
    assert (found["k"].value if found else None) == wins


@given(st.permutations([Setting(Scope(kind, HERE.get(kind, "")), "k", kind) for kind in KINDS]))
def test_the_order_of_settings_does_not_matter(settings):
    assert effective(settings, HERE)["k"].value == "host"


def test_changes_are_kept_with_who_and_why(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    scope = Scope.parse("host=a")
    store.set(scope, "keystone::debug", True, who="ann@x", why="look")
    store.set(scope, "keystone::debug", {"a": [1]}, who="bob@x")
    assert [s.value for s in store.settings()] == [{"a": [1]}]
    revision = store.unset(scope, "keystone::debug", who="ann@x")
    assert store.settings() == []
    assert [(c.revision, c.who, c.why, c.value) for c in store.changes()] == [
        (1, "ann@x", "look", True), (2, "bob@x", "", {"a": [1]}), (3, "ann@x", "", None)]
    assert [c.revision for c in store.changes(since=2)] == [revision]
    assert (tmp_path / "s.sqlite").stat().st_mode & 0o777 == 0o600


def test_looking_makes_no_file(tmp_path):
    assert Store(tmp_path / "none.sqlite").settings() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["hots=a", "host", "global=x", "host=a b", ""])
def test_a_scope_that_is_none_is_refused(text):
    with pytest.raises(InputError):
        Scope.parse(text)


def test_unset_of_what_is_not_set_and_a_broken_file_are_named(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    with pytest.raises(InputError, match="does not set"):
        store.unset(Scope("global"), "k", who="x")
    (tmp_path / "bad.sqlite").write_text("no database, this" * 100)
    with pytest.raises(InputError, match=r"bad\.sqlite"):
        Store(tmp_path / "bad.sqlite").settings()

"""What was generated from the same input is found again; anything else is not."""

import stat

import pytest
from hypothesis import given

from tests.strategies import trees
from tests.support import tree
from treadle.generate.cache import Cache
from treadle.generate.job import from_layers

TREE = tree("etc", **{"etc/a.conf": "x"})
ASKED = frozenset({"a", "missing"})


def etc(**layer):
    return from_layers({"low": {"a": 0}, "top": layer}, ["top", "low"])


@pytest.mark.parametrize(("asked", "fixed", "then", "found"), [
    (ASKED, "f", etc(a=1), True),
    (ASKED, "f", etc(a=1, nobody="asked"), True),
    (ASKED, "f", etc(a=2), False),
    (ASKED, "f", etc(a=1, missing=None), False),
    (ASKED, "g", etc(a=1), False),
    (frozenset(), "f", etc(a=2), True),
    (None, "f", etc(a=1), True),
    (None, "f", etc(a=1, nobody="asked"), False),
])
def test_found_when_and_only_when_the_input_is_the_same(tmp_path, asked, fixed, then, found):
    cache = Cache(tmp_path / "cache")
    cache.store("v", "f", etc(a=1), asked, TREE)
    assert cache.find("v", fixed, then) == (TREE if found else None)
    assert cache.find("w", "f", etc(a=1)) is None


@pytest.mark.parametrize(("name", "content"), [
    ("v.json", None), ("v.tar", None), ("v.json", b""), ("v.json", b"{"), ("v.json", b'{"fixed": 1}')])
def test_half_a_memory_is_none(tmp_path, name, content):
    cache = Cache(tmp_path)
    cache.store("v", "f", etc(), ASKED, TREE)
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_bytes(content)
    assert cache.find("v", "f", etc()) is None


def test_a_later_tree_replaces_an_earlier_one(tmp_path):
    cache = Cache(tmp_path)
    cache.store("v", "f", etc(), ASKED, TREE)
    cache.store("v", "g", etc(), ASKED, tree(b="y"))
    assert cache.find("v", "f", etc()) is None
    assert cache.find("v", "g", etc()) == tree(b="y")


def test_only_its_owner_reads_it_and_unwanted_volumes_go(tmp_path):
    cache = Cache(tmp_path / "deep/cache")
    for volume in ("a", "b.c"):
        cache.store(volume, "f", etc(), ASKED, TREE)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in cache.folder.iterdir()}
    assert modes == {0o600} and stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    cache.forget_others({"b.c": TREE})
    assert sorted(path.name for path in cache.folder.iterdir()) == ["b.c.json", "b.c.tar"]


@given(trees)
def test_every_tree_comes_back(tmp_path_factory, given_tree):
    cache = Cache(tmp_path_factory.mktemp("cache"))
    cache.store("v", "f", etc(), ASKED, given_tree)
    assert cache.find("v", "f", etc()) == given_tree

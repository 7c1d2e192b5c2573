"""Differences in words: option by option where a file has options; secrets never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import trees
from tests.support import tree, with_file
from treadle.generate.tree import File
from treadle.instantiate.words import file_deltas, shown, spec_words, tree_deltas
from treadle.secrets import Secrets

MASK = Secrets({"Old": "old-password", "New": "new-password", "Key": "key/with+signs"}).mask


def file_words(*args):
    return [delta.words for delta in file_deltas(*args)]


def tree_words(*args):
    return shown([delta.words for delta in tree_deltas(*args)])


def text(content: str | bytes) -> File:
    return File("file", 0o640, 0, 0, content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize(("old", "new", "words"), [
    # options
    ("[token]\nexpiration=3600\n", "[token]\nexpiration = 7200\n", ["k.conf [token] expiration 3600 → 7200"]),
    ("[a]\nx=1\n[b]\nx=1\n", "[a]\nx=1\n[b]\nx=2\n", ["k.conf [b] x 1 → 2"]),
    ("x=1\n", "x=1\ny=2\n", ["k.conf y (unset) → 2"]),
    ("[a]\nx=1\n", "[a]\n", ["k.conf [a] x 1 → (unset)"]),
    ("[a]\nx=1\nx=2\n", "[a]\nx=1\nx=3\n", ["k.conf [a] x 1, 2 → 1, 3"]),
    ("[a]\n# note\n; other\n\nx=\n", "[a]\nx=1\n", ["k.conf [a] x  → 1"]),
    ("[b]\ny=1\n[a]\nx=1\n", "[b]\ny=2\n[a]\nx=2\n", ["k.conf [a] x 1 → 2", "k.conf [b] y 1 → 2"]),
    ("[a]\nx=1\n", "[a]\nx=1\nskip-names\n", ["k.conf [a] skip-names (unset) → "]),
    ("[a]\nx=1\n!includedir /etc/c\n", "[a]\nx=2\n!includedir /etc/c\n", ["k.conf [a] x 1 → 2"]),
    # secrets
    ("[db]\npassword=old-password\n", "[db]\npassword=new-password\n",
     ["k.conf [db] password @secret:Old@ → @secret:New@"]),
    ("[db]\nurl=mysql://a:key%2Fwith%2Bsigns@h\n", "[db]\nurl=mysql://a:new-password@h\n",
     ["k.conf [db] url mysql://a:@secret:Key:url@@h → mysql://a:@secret:New@@h"]),
    # lines
    ("server a\nserver b\n", "server a\nserver c\n", ["etc/k.conf: - server b", "etc/k.conf: + server c"]),
    ("[a]\n# one\nx=1\n", "[a]\n# two\nx=1\n", ["etc/k.conf: - # one", "etc/k.conf: + # two"]),
    ("-- one\nselect\n", "select\n", ["etc/k.conf: - -- one"]),
    ("++x\n", "++y\n", ["etc/k.conf: - ++x", "etc/k.conf: + ++y"]),
    ("a b\nc d\ne f\n", "1 2\n3 4\n5 6\n", ["etc/k.conf: 6 lines changed"]),
    ("[db]\npassword=old-password\n", "[db]\npassword=by-hand\n", ["k.conf [db] password @secret:Old@ → (hidden)"]),
    ("[db]\npassword=by-hand\n", "[db]\npassword=old-password\n", ["k.conf [db] password (hidden) → @secret:Old@"]),
    ("[db]\npassword=old-password\n", "[db]\n", ["k.conf [db] password @secret:Old@ → (unset)"]),
    ("p old-password\n", "p by-hand\n", ["etc/k.conf: 2 lines changed"]),
    ("p old-password\n", "p new-password\n", ["etc/k.conf: - p @secret:Old@", "etc/k.conf: + p @secret:New@"]),
    ("a b\n", "a b", ["etc/k.conf changed (line ends)"]),
    (b"a\0b", b"a\0c", ["etc/k.conf changed (binary)"]),
])
def test_a_file_that_changed(old, new, words):
    assert file_words("etc/k.conf", text(old), text(new), MASK) == words


@pytest.mark.parametrize(("old", "new", "words"), [
    ("[db]\npassword=the-1st-one\n", "[db]\npassword=the-2nd-one\n", ["k.conf [db] password @secret:P@ → (changed)"]),
    ("login the-1st-one\n", "login the-2nd-one\n", ["etc/k.conf changed (a secret)"]),
])
def test_a_changed_secret_shows_that_it_did_and_not_what_it_is(old, new, words):
    """The mask of a node knows this plan's secret and the one before it under the same name."""
    mask = Secrets({"P": "the-2nd-one"}, {"P": "the-1st-one"}).mask
    said = file_words("etc/k.conf", text(old), text(new), mask)
    assert said == words
    assert [mask(line) for line in said] == words  # events mask what they carry once more


BASE = tree("etc", **{"etc/k.conf": "x=1\n"})


@pytest.mark.parametrize(("old", "new", "words"), [
    (BASE, BASE, []),
    (tree("etc"), BASE, ["etc/k.conf added"]),
    (BASE, tree("etc"), ["etc/k.conf removed"]),
    (tree(), tree("etc", a=""), ["new, 1 file"]),
    (tree("etc"), tree(), []),
    (tree("etc"), with_file(tree("etc"), "etc", mode=0o700), ["etc mode 0755 → 0700"]),
    (BASE, with_file(BASE, "etc/k.conf", mode=0o600), ["etc/k.conf mode 0640 → 0600"]),
    (BASE, with_file(BASE, "etc/k.conf", uid=42), ["etc/k.conf owner 0:0 → 42:0"]),
    (BASE, with_file(BASE, "etc/k.conf", type="link"), ["etc/k.conf type file → link"]),
    (tree(), tree("d", **{"d/a": "", "b": ""}), ["new, 2 files"]),
    (tree("d"), tree("d", **{f"f{n:02}": "" for n in range(15)}),
     [*(f"f{n:02} added" for n in range(12)), "and 3 more"]),
])
def test_a_tree_that_changed(old, new, words):
    assert tree_words(old, new, MASK) == words


@given(trees, trees)
def test_words_are_there_when_what_containers_read_differs(one, other):
    assert tree_words(one, one, MASK) == []
    files = [{path: entry for path, entry in t.files.items() if entry.type != "dir"} for t in (one, other)]
    assert files[0] == files[1] or tree_words(one, other, MASK)


@given(st.text(max_size=10), st.text(max_size=10), st.sampled_from(["{}", "[a]\nx={}\n", "say {}\n", "{}=1\n"]))
def test_no_secret_is_ever_shown(head, tail, form):
    old, new = (form.format(f"{head}{secret}{tail}") for secret in ("old-password", "new-password"))
    said = "\n".join(file_words("k.conf", text(old), text(new), MASK))
    assert "old-password" not in said and "new-password" not in said


@pytest.mark.parametrize(("old", "new", "words"), [
    ({"user": "a"}, {"user": "b"}, ["user a → b"]),
    ({}, {"privileged": True}, ["privileged (unset) → True"]),
    ({"net": "host"}, {}, ["net host → (unset)"]),
    ({"volumes": ["a", "b"]}, {"volumes": ["b", "c"]}, ["volumes + c", "volumes - a"]),
    ({"volumes": ["a", "b"]}, {"volumes": ["b", "a"]}, ["volumes in another order"]),
    ({"command": ["a"]}, {"command": ["b"]}, ["command ['a'] → ['b']"]),
    ({"user": "a"}, {"user": "a"}, []),
])
def test_a_specification_that_changed(old, new, words):
    assert spec_words(old, new) == words


@pytest.mark.parametrize(("old", "new", "where"), [
    (BASE, with_file(BASE, "etc/k.conf", content=b"x=2\n"), [("etc/k.conf", "", "x", False)]),
    (BASE, with_file(BASE, "etc/k.conf", content=b"x=2\n[b]\ny=1\n", mode=0o600),
     [("etc/k.conf", "", "x", False), ("etc/k.conf", "b", "y", False), ("etc/k.conf", "", "", False)]),
    (BASE, with_file(BASE, "etc/k.conf", content=b"x y\n"), [("etc/k.conf", "", "", False)] * 2),
    (BASE, tree("etc"), [("etc/k.conf", "", "", True)]),
    (tree(), BASE, [("", "", "", False)]),
])
def test_where_a_difference_is(old, new, where):
    assert [(d.path, d.section, d.option, d.gone) for d in tree_deltas(old, new, MASK)] == where

"""Who made an option what it is, over generations; and the hiera keys that it may come from."""

import json

import pytest

from tests.support import tree
from treadle.errors import InputError
from treadle.history import History, NodeSnapshot, Repository, Vault
from treadle.rollout.blame import blame, origins

FILE = "etc/k.conf"


class Stack:
    def __init__(self, folder):
        self.history = History(Repository(folder / "history.git"), Vault(folder / "vault.json", b"key"))

    def record(self, content, message, secret="one-secret", **hiera):
        documents = {"plan.json": json.dumps({"hierarchy": list(hiera)}).encode(), **{
            f"hieradata/{layer}.json": json.dumps(values).encode() for layer, values in hiera.items()}}
        nodes = {"node-0": NodeSnapshot({"v": tree("etc", **{FILE: content})}, documents)}
        return self.history.record(nodes, {"P": secret}, author=f"{message} <x@y>", message=message,
                                   common={"nodes.json": b'["node-0"]'})

    def blame(self, option, node="node-0", volume="v", file=FILE):
        return blame(self.history, self.history.at(), node, volume, file, option)


@pytest.fixture
def stack(tmp_path):
    return Stack(tmp_path)


@pytest.mark.parametrize(("versions", "option", "author", "old", "value"), [
    (["[a]\nx=1\n"], "a/x", "0", None, "1"),
    (["[a]\nx=1\n", "[a]\nx=2\n"], "a/x", "1", "1", "2"),
    (["[a]\nx=1\n", "[a]\nx=2\n", "[a]\nx=2\ny=1\n"], "x", "1", "1", "2"),
    (["[a]\nx=1\n", "[a]\nx=2\n", "[a]\nx=1\n"], "x", "2", "2", "1"),
    (["[a]\nz=1\n", "[a]\nx=1\n"], "a/x", "1", None, "1"),
    (["[a]\nx=1\nx=2\n", "[a]\nx=1\nx=3\n"], "a/x", "1", "1, 2", "1, 3"),
    (["x=1\n[a]\nx=1\n", "x=1\n[a]\nx=2\n"], "/x", "0", None, "1"),
])
def test_the_generation_that_set_it(stack, versions, option, author, old, value):
    for number, content in enumerate(versions):
        stack.record(content, str(number))
    found = stack.blame(option)
    assert (found.generation.author, found.old, found.value, found.secret) == (author, old, value, False)


def test_another_value_of_a_secret_counts_and_is_not_told(stack):
    for number, secret in enumerate(["one-secret", "two-secret", "two-secret"]):
        stack.record(f"[a]\np=mysql://k:{secret}@h\nn={number}\n", str(number), secret)
    found = stack.blame("p")
    assert found.generation.author == "1" and found.secret and found.value == found.old == "mysql://k:@secret:P@@h"


def test_what_was_taken_back_is_the_doing_of_who_took_it_back(stack):
    first = stack.record("[a]\nx=1\n", "0")
    stack.record("[a]\nx=2\n", "1")
    stack.history.again(first.id, author="back <x@y>", message="back")
    assert stack.blame("x").generation.author == "back"


@pytest.mark.parametrize(("words", "said"), [
    ({"node": "node-9"}, r"no node node-9 \(did you mean node-0"), ({"volume": "w"}, "no config volume w"),
    ({"file": "k.conf"}, r"did you mean etc/k\.conf"), ({"option": "expiratoin"}, "did you mean expiration"),
    ({"option": "x"}, "in more than one section"),
])
def test_what_there_is_not(stack, words, said):
    stack.record("[a]\nx=1\n[b]\nx=1\nexpiration=1\n", "0")
    with pytest.raises(InputError, match=said):
        stack.blame(**{"option": "expiration", **words})


def test_a_file_without_options(stack):
    stack.record("no option here\n", "0")
    with pytest.raises(InputError, match="is no file of sections and options"):
        stack.blame("x")


@pytest.mark.parametrize(("before", "now", "said"), [
    ({"k::x": 1}, {"k::x": 2, "k::other": 2}, [("l k::x", True), ("l k::other", True)]),
    ({"k::y": 2, "k::z": 1}, {"k::y": 2, "k::z": 2}, [("l k::z", True)]),
    ({"k::y": 2}, {"k::y": 2}, [("l k::y", False)]),
    ({"k": {"a": {"x": "1"}}}, {"k": {"a": {"x": "2"}}}, [("l k.a.x", True)]),
    ({}, {"k::y": 3}, []),
])
def test_where_the_value_comes_from(stack, before, now, said):
    stack.record("[a]\nx=1\n", "0", l=before)
    stack.record("[a]\nx=2\n", "1", l=now)
    found = origins(stack.history, stack.history.at(), "node-0", stack.blame("x"))
    assert [(str(one), one.likely) for one in found] == said

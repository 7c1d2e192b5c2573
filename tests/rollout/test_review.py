"""A difference in words: option by option over nodes, documents, unified diffs; never a secret."""

import base64
import io
import json
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.strategies import trees
from tests.support import tree, with_file
from treadle.cli.command import as_json
from treadle.cli.diff import document, stat, text
from treadle.generate.tree import ConfigTree, File
from treadle.history import History, NodeSnapshot, Repository, Vault
from treadle.history.difference import difference
from treadle.rollout.patches import hunks
from treadle.rollout.review import Review, Reviewer, on

NODES = ("n0", "n1", "n2")


def history_in(folder):
    return History(Repository(folder / "history.git"), Vault(folder / "vault.json", b"key"))


@pytest.fixture
def history(tmp_path):
    return history_in(tmp_path)


def record(history, trees, secrets, documents, common=None):
    nodes = {node: NodeSnapshot({"v": trees[node]} if node in trees else {}, documents) for node in NODES}
    done = history.record(nodes, secrets, author="me <me@host>", message="m",
                          common={"nodes.json": json.dumps(NODES).encode(), **(common or {})})
    return history.at(done.id)


def reviewed(history, old, new, secrets=({}, {}), documents=({}, {}), common=({}, {})):
    """``old`` and ``new``: a tree for all nodes, or ``{node: tree}``."""
    sides = [record(history, side if isinstance(side, dict) else dict.fromkeys(NODES, side), *rest)
             for side, *rest in zip((old, new), secrets, documents, common, strict=True)]
    found = difference(*sides)
    reviewer = Reviewer(found)
    return Review(found, reviewer.lines(), reviewer.patches())


def conf(content):
    return tree("etc", **{"etc/k.conf": content})


def words(review):
    return [line.text for line in review.lines if line.group not in ("secrets", "inputs")]


EVERY = "on 3 nodes"


@pytest.mark.parametrize(("old", "new", "said"), [
    (conf("[token]\nexpiration=3600\n"), conf("[token]\nexpiration = 7200\n"),
     [f"k.conf [token] expiration 3600 → 7200 {EVERY}"]),
    (conf("[t]\na=1\nb=1\n"), conf("[t]\na=2\n"), [f"k.conf [t] a 1 → 2 {EVERY}", f"k.conf [t] b 1 → (unset) {EVERY}"]),
    (conf("server a\n"), conf("server b\n"), [f"etc/k.conf: - server a {EVERY}", f"etc/k.conf: + server b {EVERY}"]),
    (conf("x"), with_file(conf("x"), "etc/k.conf", mode=0o600), [f"etc/k.conf mode 0640 → 0600 {EVERY}"]),
    (conf("x"), with_file(conf("x"), "etc/k.conf", uid=42, gid=43), [f"etc/k.conf owner 0:0 → 42:43 {EVERY}"]),
    (conf("x"), with_file(conf("x"), "etc", uid=42), [f"etc owner 0:0 → 42:0 {EVERY}"]),
    (conf(b"a\0b"), conf(b"a\0c"), [f"etc/k.conf changed (binary) {EVERY}"]),
    (conf("x"), tree("etc"), [f"etc/k.conf removed {EVERY}"]),
    (ConfigTree({"l": File("link", 0o777, 0, 0, b"a")}), ConfigTree({"l": File("link", 0o777, 0, 0, b"b")}),
     [f"l: - a {EVERY}", f"l: + b {EVERY}"]),
    # each node has its own content, and all the same change
    ({n: conf(f"host={n}\n[t]\na=1\n") for n in NODES}, {n: conf(f"host={n}\n[t]\na=2\n") for n in NODES},
     [f"k.conf [t] a 1 → 2 {EVERY}"]),
    ({n: conf("a=1\n") for n in NODES}, {"n0": conf("a=2\n"), "n1": conf("a=2\n"), "n2": conf("a=3\n")},
     ["k.conf a 1 → 2 on n0, n1", "k.conf a 1 → 3 on n2"]),
    ({"n0": conf("a=1\n")}, {"n0": conf("a=1\n"), "n1": conf("a=1\n")}, ["new, 1 file on n1"]),
    ({"n0": conf("a=1\n")}, {}, ["goes, 1 file on n0"]),
    (conf("a=1\n"), conf("a=1\n"), []),
])
def test_files_in_words(history, old, new, said):
    assert words(reviewed(history, old, new)) == said


SECRETS = {"P": "one-secret", "Q": "kept-secret"}


@pytest.mark.parametrize(("content", "said"), [
    ("[database]\nconnection = mysql://k:{}@h/db\nother = 1\n", ["k.conf [database] connection @secret:P@ (changed)"]),
    ("[a]\nx = {0}\n[b]\ny = kept-secret\nz={0}\n",
     ["k.conf [a] x @secret:P@ (changed)", "k.conf [b] z @secret:P@ (changed)"]),
    ("user {}\n", ["etc/k.conf @secret:P@ (changed)"]),
])
def test_a_changed_secret_shows_that_it_changed(history, content, said):
    review = reviewed(history, conf(content.format("one-secret")), conf(content.format("new-secret")),
                      (SECRETS, {**SECRETS, "P": "new-secret"}))
    assert words(review) == [f"{line} {EVERY}" for line in said]
    assert [line.words for line in review.lines if line.group == "secrets"] == ["P changed"]
    assert review.patches == ()


def test_a_secret_beside_another_change(history):
    review = reviewed(history, conf("a=1\np=one-secret\n"), conf("a=2\np=new-secret\n"),
                      (SECRETS, {**SECRETS, "P": "new-secret"}))
    assert words(review) == [f"k.conf a 1 → 2 {EVERY}", f"k.conf p @secret:P@ (changed) {EVERY}"]
    [patch] = review.patches
    assert patch.lines == ("@@ -1,2 +1,2 @@", "-a=1", "+a=2", " p=@secret:P@") and patch.nodes == NODES


def test_what_was_a_secret_before_is_masked_where_it_stands_now(history):
    review = reviewed(history, conf("p=one-secret\n"), conf("p=new-secret\n# one-secret\n"),
                      (SECRETS, {**SECRETS, "P": "new-secret"}))
    assert "one-secret" not in everything(review) and "# @secret:P@" in everything(review)


CONTAINER = {"image": "i:1", "volumes": ["/a:/a"]}


@pytest.mark.parametrize(("name", "old", "new", "said"), [
    ("containers/step_3.json", {"k": CONTAINER}, {"k": {**CONTAINER, "image": "i:2"}}, ["k: image i:1 → i:2"]),
    ("containers/step_3.json", {"k": CONTAINER}, {"k": {**CONTAINER, "volumes": ["/b:/b"]}},
     ["k: volumes + /b:/b", "k: volumes - /a:/a"]),
    ("containers/step_3.json", {"k": CONTAINER}, {"l": CONTAINER}, ["k removed from step 3", "l added to step 3"]),
    ("kolla_config/k.json", {"command": "a"}, {"command": "b"}, ["k.json: command a → b"]),
    ("images.json", {"i:1": "sha256:0123456789abcdef"}, {"i:1": "sha256:fedcba9876543210"},
     ["i:1 0123456789ab → fedcba987654"]),
    ("hieradata/service_configs.json", {"k::e": 3600, "x": {"y": 1}}, {"k::e": 7200, "x": {"y": 2}},
     ["service_configs k::e 3600 → 7200", "service_configs x.y 1 → 2"]),
    ("plan.json", {"docker_puppet_tasks": {"3": []}}, {"docker_puppet_tasks": {"3": [{"volume": "x"}]}},
     ["bootstrap tasks of step 3 changed"]),
    ("plan.json", {"puppet_configs": [{"volume": "a", "manifest": "x"}]},
     {"puppet_configs": [{"volume": "a", "manifest": "y"}]}, ["how the config volume a is generated changed"]),
    ("plan.json", {"step_config": "a\nb"}, {"step_config": "a\nc"}, ["step_config changed"]),
])
def test_documents_in_words(history, name, old, new, said):
    review = reviewed(history, {}, {}, documents=tuple({name: json.dumps(one).encode()} for one in (old, new)))
    assert words(review) == [f"{line} {EVERY}" for line in said]


def test_scripts_modules_and_inputs(history):
    review = reviewed(history, {}, {}, documents=({"scripts/s.sh": b"a\n"}, {"scripts/s.sh": b"b\n"}), common=(
        {"puppet-modules/m.pp": b"a\n", "inputs.json": b'{"templates": "1"}'},
        {"puppet-modules/m.pp": b"b\n", "inputs.json": b'{"templates": "2"}'}))
    assert {line.text for line in review.lines} == {f"s.sh changed {EVERY}", "m.pp changed",
                                                    "templates or Puppet profiles changed"}
    assert {(patch.title, patch.lines) for patch in review.patches} == {
        (title, ("@@ -1 +1 @@", "-a", "+b")) for title in ("scripts/s.sh", "puppet-modules/m.pp")}


def test_identical_unified_diffs_are_one(history):
    old, new = ({n: conf("\n".join([f"host={n}", *"abcd", f"x={value}"])) for n in NODES} for value in "12")
    [patch] = reviewed(history, old, new).patches
    assert patch.nodes == NODES and patch.lines[-2:] == ("-x=1", "+x=2")


def test_colour_is_for_terminals(history):
    review = reviewed(history, conf("a=1\n"), conf("a=2\n"))
    plain, coloured = ("\n".join(text(review, colour=on, total=3)) for on in (False, True))
    assert "\033" not in plain and "\033[32m+a=2\033[0m" in coloured
    assert "1 file, 1 option" in stat(review)[-1] and "3 lines added, 3 removed" in stat(review)[-1]


@pytest.mark.parametrize(("nodes", "said"), [(("a",), "on a"), (("a", "b"), "on a, b"), (NODES, "on 3 nodes")])
def test_names_where_they_are_few(nodes, said):
    assert on(nodes) == said


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_hunks_lead_from_one_to_the_other(old, new):
    """The lines that hunks take away and put in, applied at the places that they name."""
    made, at = [], 0
    for line in hunks("\n".join(old).encode(), "\n".join(new).encode()):
        if line.startswith("@@"):
            start, _, length = line.split(" ")[1][1:].partition(",")
            begin = int(start) - (length != "0")
            made += old[at:begin]
            at = begin
        elif line[0] == "+":
            made.append(line[1:])
        else:
            assert old[at] == line[1:]
            made += [line[1:]] if line[0] == " " else []
            at += 1
    assert made + old[at:] == new


def everything(review):
    out = io.StringIO()
    print(*text(review, colour=False, total=3), *stat(review), as_json(document(review)), sep="\n", file=out)
    return out.getvalue()


def forms(secret):
    """A secret as files hold it."""
    return [secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode(), json.dumps(secret)[1:-1],
            base64.b64encode(f"user:{secret}".encode()).decode()]


secret_values = st.text("abcXYZ019+/=%&!\"\\ é", min_size=8, max_size=20).filter(lambda text: len(set(text)) > 4)


@settings(max_examples=30, deadline=None)
@given(secret_values, secret_values, st.data(), trees, trees)
def test_no_output_holds_a_secret(tmp_path_factory, first, second, data, one, two):
    """Neither what it was nor what it is, in no encoding, whatever else changes around it."""
    assume(first not in second and second not in first)
    history = history_in(tmp_path_factory.mktemp("h"))
    lines = st.lists(st.sampled_from([f"k{i} = {form}" for i, form in enumerate([*forms(first), *forms(second)])] +
                                     ["[s]", "k0 = 1", "text", "url = a://u:" + quote(first, safe="") + "@h"]))
    trees_of = [ConfigTree({**base.files, **tree(**{"own.conf": "\n".join(data.draw(lines))}).files})
                for base in (one, two)]
    documents = [{"hieradata/a.json": json.dumps({"k": data.draw(st.sampled_from([first, second, "x"]))}).encode(),
                  "scripts/s": "\n".join(data.draw(lines)).encode()} for _ in range(2)]
    held = everything(reviewed(history, trees_of[0], trees_of[1], ({"P": first}, {"P": second}), tuple(documents)))
    unescaped = held.replace("\\\\", "\\").replace('\\"', '"')
    for secret in (first, second):
        for form in forms(secret)[:4]:
            assert form not in held and form not in unescaped

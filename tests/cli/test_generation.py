"""``overcloud config approve|reject|policy|history|show|tag`` as a user meets them."""

import json
import os
import sys
import time

import pytest

from tests.support import node_plan
from treadle.cli.main import main
from treadle.errors import HistoryError
from treadle.events import silent
from treadle.history import NodeSnapshot
from treadle.node.held import Held
from treadle.paths import NodePaths
from treadle.rollout.journal import journal_head
from treadle.rollout.lock import lock
from treadle.rollout.pipeline import running
from treadle.rollout.state import StackState, whoami

NODES = ("node-0", "node-1", "node-2")


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("SUDO_USER", "alice")
    made = StackState(tmp_path / "state", "overcloud")
    made.save_passwords(made.passwords(["AdminPassword"]))
    made.save_plans([node_plan(node=name, root=str(tmp_path / name)) for name in NODES])
    return made


def record(state, content, message="why"):
    documents = {"plan.json": content.encode(), "images.json": b'{"keystone:1": "sha256:a"}'}
    common = {"nodes.json": json.dumps(NODES).encode(), "inputs.json": b'{"environments": [], "templates": "ab12"}'}
    return state.generations().record({name: NodeSnapshot({}, documents) for name in NODES}, {}, common=common,
                                      author=f"{whoami()} <{whoami()}>", message=message)


@pytest.fixture
def pair(state):
    return record(state, "1", "first\n\nmore of it\n\nJournal: " + "0" * 64), record(state, "2")


@pytest.fixture
def treadle(state, capsys, monkeypatch):
    def run(*argv, user="bob"):
        monkeypatch.setenv("SUDO_USER", user)
        status = main([*argv, "--state", str(state.folder)])
        said = capsys.readouterr()
        return status, said.out, said.err
    return run


def document(treadle, *argv):
    status, out, err = treadle(*argv, "-f", "json")
    assert status == 0, err
    return json.loads(out)


def runs(state, node, generation, *, done=True):
    """``node`` holds a generation, and runs it where that is ``done``."""
    [plan] = [plan for plan in state.plans() if plan.node == node]
    held = Held().propagated(generation.id)
    (held.done() if done else held).write(NodePaths(plan.stack, plan.root).held)


def test_history_says_who_when_why_who_approved_and_where_it_runs(treadle, state, pair):
    first, second = pair
    treadle("config", "policy", "set", "--approvals", "1")
    treadle("config", "approve", first.short)
    treadle("config", "tag", "release-7", first.id)
    for node in NODES[:2]:
        runs(state, node, first)
    runs(state, NODES[2], second, done=False)
    assert running(state) == {NODES[0]: first.id, NODES[1]: first.id, NODES[2]: ""}
    newest, before = document(treadle, "config", "history")
    assert (newest["Generation"], newest["Approvals"], newest["Runs on"], newest["Tags"]) == (
        second.id, "0 of 1", "", "")
    assert (before["Author"].partition("@")[0], before["Message"], before["Tags"], before["Approvals"],
            before["Runs on"]) == ("alice", "first\n\nmore of it", "release-7", "1 of 1", "2 of 3 nodes")
    assert abs(time.mktime(time.strptime(before["When"], "%Y-%m-%d %H:%M:%S")) - time.time()) < 100
    assert len(document(treadle, "config", "history", "--limit", "1")) == 1
    _, table, _ = treadle("config", "history")
    assert first.short in table and first.id not in table and "more of it" not in table


def test_show_tells_all_of_one_generation(treadle, state, pair):
    first, second = pair
    treadle("config", "reject", "--message", "wrong region")
    runs(state, NODES[1], second)
    shown = document(treadle, "config", "show")
    assert shown["id"] == second.id and shown["parent"] == first.id and shown["runs_on"] == [NODES[1]]
    assert shown["nodes"] == list(NODES) and shown["images"] == {"keystone:1": "sha256:a"}
    assert shown["changes"] == {"plan.json": 3} and shown["inputs"] == {"environments": [], "templates": "ab12"}
    [decision] = shown["decisions"]
    assert (decision["decision"], decision["message"], decision["signature"]) == (
        "rejected", "wrong region", "not signed") and decision["who"].startswith("bob@")
    assert document(treadle, "config", "show", first.id[:6])["message"] == "first\n\nmore of it"
    _, table, _ = treadle("config", "show", first.id)
    assert "keystone:1: sha256:a" in table and "plan.json: 3" in table


def test_approved_rejected_withdrawn_and_what_counts(treadle, state, pair):
    _, second = pair
    assert treadle("config", "policy", "set", "--approvals", "1", "--message", "four eyes")[0] == 0
    assert document(treadle, "config", "policy", "show") == {"approvals": 1, "signed": False}
    with pytest.raises(HistoryError, match="needs 1 approvals"):
        state.approvals().require(second)
    status, out, err = treadle("config", "approve", user="alice")
    assert (status, out) == (0, f"{second.short}: approvals: 0 of 1\n") and "does not count: the author's own" in err
    assert treadle("config", "approve", "newest", "--message", "fine")[1] == f"{second.short}: approvals: 1 of 1\n"
    state.approvals().require(second)
    status, _, err = treadle("config", "reject")
    assert status == 1 and "--message: say why it is rejected" in err
    assert "rejected by bob@" in treadle("config", "reject", second.id, "--message", "no")[1]
    with pytest.raises(HistoryError, match="was rejected by bob@"):
        state.approvals().require(second)
    assert treadle("config", "reject", "--withdraw")[0] == 0
    status, _, err = treadle("config", "reject", "--withdraw")
    assert status == 1 and "said nothing of" in err


@pytest.mark.usefixtures("pair")
def test_a_policy_for_signed_ones_tells_who_did_not_sign(treadle):
    treadle("config", "policy", "set", "--approvals", "1", "--signed")
    _, out, err = treadle("config", "approve")
    assert "0 of 1" in out and "yours does not count: not signed" in err


def test_they_are_audited_with_their_generation_and_go_on_while_the_stack_is_locked(treadle, state, pair):
    first, second = pair
    lock(state.lock, "freeze", silent())
    assert treadle("config", "approve", first.short, "--message", "fine")[0] == 0
    assert treadle("config", "tag", "live")[0] == 0
    assert treadle("config", "tag", "live", "--delete")[0] == 0
    assert document(treadle, "config", "history") and document(treadle, "config", "show")
    assert [(entry["What"], entry["Why"], entry["Generation"]) for entry in document(treadle, "audit")] == [
        (f"overcloud config approve {first.short}", "fine", first.id), ("overcloud config tag live", "", second.id),
        ("overcloud config tag live --delete", "", second.id)]


@pytest.mark.parametrize(("argv", "words"), [
    (["approve", "release-8"], "no generation is called release-8 (did you mean release-7?)"),
    (["reject", "ffff", "--message", "x"], "no generation is called ffff"),
    (["show", "good"], "no generation is called good"),
    (["tag", "release-7"], "NAME: release-7 is the name of generation"),
    (["tag", "approved/me"], "NAME: approved/me would be a decision"),
    (["tag", "x", "release-9"], "no generation is called release-9"),
    (["tag", "release-8", "--delete"], "no tag is called release-8 (did you mean release-7?)"),
])
def test_refused(treadle, state, pair, argv, words):
    treadle("config", "tag", "release-7", pair[0].id)
    refs = state.generations().repository.refs("refs/")
    status, out, err = treadle("config", *argv)
    assert status == 1 and words in err and not out and state.generations().repository.refs("refs/") == refs


@pytest.mark.usefixtures("state")
def test_a_stack_without_generations(treadle):
    assert document(treadle, "config", "history") == []
    for verb in (["show"], ["approve"], ["tag", "x"]):
        status, _, err = treadle("config", *verb)
        assert status == 1 and "nothing was generated yet" in err and "config generate" in err
    status, _, err = treadle("config", "history", "--stack", "other")
    assert status == 1 and "no stack called other" in err


@pytest.mark.usefixtures("pair")
def test_a_removed_tail_of_the_journal_is_missed_by_a_generation(treadle, state):
    treadle("setting", "set", "a", "b")
    record(state, "3", f"third\n\nJournal: {journal_head(state.journal)}")
    treadle("setting", "set", "a", "c")
    assert treadle("audit", "verify")[0] == 0
    lines = state.journal.read_bytes().splitlines(keepends=True)
    state.journal.write_bytes(b"".join(lines[:1]))
    status, _, err = treadle("audit", "verify")
    assert status == 1 and "is not there any more" in err
    state.journal.unlink()
    assert treadle("audit", "verify")[0] == 1


@pytest.mark.parametrize("words", [["config", "history"], ["config", "show"], ["config", "propagate", "--yes"],
                                   ["config", "tag", "x"], ["audit"]])
def test_somebody_who_may_not_read_the_stack_is_told_so(state, pair, treadle, tmp_path, words):
    assert pair and treadle(*words)  # everything is loaded: another user may not read the program either
    said = tmp_path / "said"
    child = os.fork()
    if child == 0:
        with said.open("w") as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        if os.geteuid() == 0:
            os.seteuid(65534)
        else:
            state.path.chmod(0)
        status = main([*words, "--state", str(state.folder)])
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(status)
    _, status = os.waitpid(child, 0)
    text = said.read_text()
    assert os.waitstatus_to_exitcode(status) == 1 and "ermission denied" in text and "Traceback" not in text, text

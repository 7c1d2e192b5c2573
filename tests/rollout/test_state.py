"""What the deployer keeps of a stack: its owner's alone, and never changed without need."""

import json
import stat
from pathlib import Path

import pytest

from tests.support import node_plan
from treadle.errors import InputError
from treadle.events import Event, Events
from treadle.rollout.state import FINGERPRINT_KEY, StackState, default_folder, whoami
from treadle.secrets import Secrets


@pytest.fixture
def state(tmp_path):
    return StackState(tmp_path / "state", "overcloud")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_passwords_are_made_once(state):
    first = state.passwords(["AdminPassword"])
    assert not state.exists and not state.folder.exists()
    state.save_passwords(first)
    assert first.keys() == {"AdminPassword", FINGERPRINT_KEY} and state.exists
    written = (state.path / "passwords.yaml").stat()
    state.save_passwords(state.passwords(["AdminPassword"]))
    assert state.passwords([]) == first
    assert (state.path / "passwords.yaml").stat().st_ino == written.st_ino
    more = state.passwords(["AdminPassword", "NovaPassword"])
    assert {name: more[name] for name in first} == first and "NovaPassword" in more
    assert mode(state.path / "passwords.yaml") == 0o600 and mode(state.path) == 0o700


def test_a_damaged_passwords_file_is_not_replaced(state):
    state.path.mkdir(parents=True)
    (state.path / "passwords.yaml").write_text("- no\n- mapping\n")
    with pytest.raises(InputError, match=r"passwords\.yaml: expected a mapping"):
        state.passwords(["AdminPassword"])
    assert (state.path / "passwords.yaml").read_text() == "- no\n- mapping\n"


def test_plans_come_back(state):
    plans = [node_plan({3: {"c": {"image": "i"}}}), node_plan(node="node-1", secrets={"A": "secret"})]
    state.save_plans(plans)
    assert state.plans() == plans
    assert mode(state.path / "plans.json") == 0o600


def test_a_stack_that_was_never_deployed(state):
    StackState(state.folder, "other").save_plans([node_plan()])
    with pytest.raises(InputError, match=r"no stack called overcloud .*\n.*known stacks: other"):
        state.plans()


def test_plans_of_another_version_are_told_apart(state):
    state.save_plans([])
    (state.path / "plans.json").write_text('[{"stack": "x"}]')
    with pytest.raises(InputError, match="was not written by this version"):
        state.plans()


def test_remember_and_recall(state):
    assert state.recall("host-prep") is None
    state.remember("host-prep", {"node-0": "digest"})
    assert state.recall("host-prep") == {"node-0": "digest"}
    assert mode(state.path / "host-prep.json") == 0o600


def test_the_journal_has_a_line_for_what_changed_something_and_no_secret(state):
    events = Events(state.write_journal, mask=Secrets({"P": "s3cret-value"}).mask, clock=lambda: 7.0)
    events.emit("action.begin", "restart keystone", node="node-0", step="3", why="password s3cret-value changed")
    events.emit("generate.plan", "not for the journal")
    events.emit("phase.end", "Plan", seconds=1.5)
    lines = [json.loads(line) for line in state.journal.read_text().splitlines()]
    assert [(line["kind"], line["text"], line["who"], line["time"]) for line in lines] == [
        ("action.begin", "restart keystone", whoami(), 7.0), ("phase.end", "Plan", whoami(), 7.0)]
    assert lines[0]["data"] == {"why": "password @secret:P@ changed"}
    assert mode(state.journal) == 0o600


def test_remove(state):
    state.save_passwords({})
    state.save_plans([])
    (state.path / "history.git/refs").mkdir(parents=True)
    state.remove()
    state.remove()
    assert not state.path.exists()


def test_the_journal_outlives_the_stack_and_its_lock_is_its_holders(state):
    state.save_passwords({})
    state.write_journal(Event("command.begin", "overcloud delete"))
    state.lock.write_text("mine")
    state.remove()
    assert sorted(path.name for path in state.path.iterdir()) == ["journal.jsonl", "lock"] and not state.exists
    state.write_journal(Event("command.end", "overcloud delete"))
    assert len(state.journal.read_text().splitlines()) == 2


def test_where_state_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("TREADLE_STATE", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("TREADLE_STATE")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_folder() == Path("/var/lib/treadle")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/me")
    assert default_folder() == Path("/home/me/.local/state/treadle")


def test_whoami_is_the_caller_of_sudo(monkeypatch):
    monkeypatch.setenv("SUDO_USER", "alice")
    assert whoami().startswith("alice@")

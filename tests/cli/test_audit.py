"""``overcloud audit``, ``lock`` and ``unlock``, as a user meets them."""

import json
import os
import socket

import pytest

from tests.support import node_plan
from treadle.cli.main import main
from treadle.events import silent
from treadle.rollout.lock import held, read
from treadle.rollout.state import StackState, whoami


@pytest.fixture
def state(tmp_path):
    made = StackState(tmp_path / "state", "overcloud")
    made.save_plans([node_plan()])
    return made


@pytest.fixture
def treadle(state, capsys):
    def run(*argv, user=""):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SUDO_USER", user or "me")
            status = main([*argv, "--state", str(state.folder)])
        said = capsys.readouterr()
        return status, said.out, said.err
    return run


def audited(treadle, *argv):
    return json.loads(treadle("audit", "-f", "json", *argv)[1])


CHANGES = [("setting", "set", "a::b", "s3cret", "--message", "bug 7"), ("setting", "unset", "a::b"),
           ("hook", "set", "chat", "--url", "http://me:s3cret@127.0.0.1:9/x"), ("hook", "unset", "chat"),
           ("config", "policy", "set", "--approvals", "1")]


@pytest.mark.parametrize("argv", CHANGES, ids=lambda argv: " ".join(argv[:3]))
def test_a_change_is_audited_and_refused_while_the_stack_is_locked(treadle, state, argv):
    if argv[:2] == ("hook", "unset"):
        assert treadle("hook", "set", "chat", "--command", "cat", "--on", "heat.left")[0] == 0
    if argv[:2] == ("setting", "unset"):
        assert treadle("setting", "set", "a::b", "c")[0] == 0
    before = len(audited(treadle))
    assert treadle("lock", "--message", "new switches")[0] == 0
    status, _, err = treadle(*argv)
    assert status == 1 and "is locked by me@" in err and "new switches" in err and "overcloud unlock" in err
    assert treadle("unlock")[0] == 0
    assert treadle(*argv)[0] == 0
    *_, entry = audited(treadle)
    assert len(audited(treadle)) == before + 3
    assert entry["What"].startswith("overcloud " + " ".join(argv[:2])) and entry["Outcome"].startswith("done in")
    assert entry["Who"] == f"me@{socket.gethostname()}" and entry["Why"] == ("bug 7" if "bug 7" in argv else "")
    assert "s3cret" not in state.journal.read_text()


def test_a_change_that_waits_for_nobody_goes_on_beside_a_deploy(treadle, state):
    with held(state.lock, "overcloud deploy", silent()):
        for argv in CHANGES[:2]:
            assert treadle(*argv)[0] == 0
        assert read(state.lock).pid == os.getpid()


def test_what_failed_and_what_was_refused(treadle):
    treadle("lock")
    assert treadle("lock", user="alice")[0] == 1
    assert treadle("unlock", user="alice")[0] == 1
    found = audited(treadle, "--who", "alice")
    assert [entry["What"] for entry in found] == ["overcloud lock", "overcloud unlock"]
    assert all(entry["Outcome"].startswith("failed: ") and "is locked by me@" in entry["Outcome"] for entry in found)
    _, table, _ = treadle("audit")
    assert "\n  " not in table and "failed: " in table


def test_the_audit_is_narrowed(treadle):
    for number in range(3):
        treadle("setting", "set", "k", str(number), "--message", f"m{number}", user=f"u{number}")
    assert [entry["Why"] for entry in audited(treadle, "--limit", "2")] == ["m1", "m2"]
    assert [entry["Why"] for entry in audited(treadle, "--who", "u1")] == ["m1"]
    assert [entry["Why"] for entry in audited(treadle, "--who", f"u2@{socket.gethostname()}")] == ["m2"]
    assert len(audited(treadle, "--since", "1h")) == 3 and audited(treadle, "--since", "2100-01-01") == []
    assert treadle("audit", "--since", "soon")[0] == 1


def test_verify_names_the_line(treadle, state):
    for number in range(3):
        treadle("setting", "set", "k", str(number))
    status, out, _ = treadle("audit", "verify", "-f", "json")
    assert status == 0 and json.loads(out)[0]["Lines"] == 6 and json.loads(out)[0]["Result"].startswith("sound")
    lines = state.journal.read_text().splitlines()
    state.journal.write_text("\n".join([*lines[:2], lines[2].replace("setting set", "setting get"), *lines[3:]]) + "\n")
    status, out, err = treadle("audit", "verify")
    assert status == 1 and not out and f"{state.journal}:4: line 4 does not continue the one before" in err


def test_a_lock_by_hand_is_its_holders_and_breaking_it_needs_force_and_a_reason(treadle, state):
    assert treadle("unlock")[:2] == (0, "not locked\n")
    status, out, _ = treadle("lock", "--message", "new switches", user="alice")
    assert status == 0 and out.startswith(f"locked by alice@{socket.gethostname()} since ") and "new switches" in out
    for argv in (["lock"], ["unlock"], ["unlock", "--force"]):
        assert treadle(*argv)[0] == 1
        assert read(state.lock).who.startswith("alice@")
    status, out, err = treadle("unlock", "--force", "--message", "alice is on holiday")
    assert status == 0 and "it was held by alice@" in out and "broke the lock of alice@" in err
    assert not state.lock.exists()
    assert audited(treadle)[-1]["Why"] == "alice is on holiday"
    assert '"lock.broken"' in state.journal.read_text()


def test_a_running_command_keeps_its_lock_unless_it_is_broken(treadle, state):
    with held(state.lock, "overcloud deploy", silent()):
        status, _, err = treadle("unlock")
        assert status == 1 and "is being changed by" in err and "unlock --force --message WHY" in err
        assert treadle("unlock", "--force", "--message", "it hangs")[0] == 0
        assert not state.lock.exists()
        treadle("lock", "--message", "later")
    assert read(state.lock).why == "later", "the one that was broken gives back nothing that is not its own"


def test_a_dead_commands_lock_is_given_back_without_force(treadle, state):
    with held(state.lock, "overcloud deploy", silent()):
        state.lock.write_text(json.dumps({**vars(read(state.lock)), "began": "1"}))
        assert treadle("unlock")[0] == 0
    assert not state.lock.exists()


def test_no_stack_to_lock(treadle):
    status, _, err = treadle("lock", "--stack", "other")
    assert status == 1 and "there is no stack called other" in err
    assert treadle("audit", "--stack", "other")[0] == 1


def test_who_asks_is_who_is_audited(treadle):
    treadle("setting", "set", "k", "v", user="carol")
    assert audited(treadle)[0]["Who"] == whoami().replace(whoami().partition("@")[0], "carol", 1)

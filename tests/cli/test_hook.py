"""``overcloud hook``: kept with the stack, refused where it cannot be, and told of what commands do."""

import json

import pytest

from treadle.cli.command import rendered
from treadle.cli.main import main
from treadle.rollout.state import StackState


@pytest.fixture
def treadle(tmp_path, capsys):
    def run(*argv):
        status = main([*argv, "--state", str(tmp_path / "state")])
        said = capsys.readouterr()
        return status, said.out, said.err
    return run


def test_set_list_unset(treadle):
    assert treadle("hook", "set", "b", "--command", "cat >/dev/null")[0] == 0
    assert treadle("hook", "set", "a", "--url", "http://me:pw@host/x", "--on", "action.*, reload.end")[0] == 0
    status, out, _ = treadle("hook", "list", "-f", "json")
    assert status == 0 and json.loads(out) == [
        {"Name": "b", "On": "reload.*", "Kind": "command", "Target": "cat >/dev/null"},
        {"Name": "a", "On": "action.*,reload.end", "Kind": "url", "Target": "http://host/x"}]
    assert treadle("hook", "set", "b", "--command", "true")[0] == 0
    assert treadle("hook", "unset", "a")[0] == 0
    _, out, _ = treadle("hook", "list", "-f", "value", "-c", "Name", "-c", "Target")
    assert out == "b true\n"


@pytest.mark.parametrize(("argv", "words"), [
    (["set", "x", "--command", "c", "--on", "relod.end"], "--on: no kind of event matches 'relod.end' (did you mean"),
    (["set", "x", "--url", "nowhere"], "--url: expected an address"),
    (["unset", "x"], "NAME: no hook is called x"),
])
def test_refused(treadle, argv, words):
    status, out, err = treadle("hook", *argv)
    assert status == 1 and words in err and not out
    assert json.loads(treadle("hook", "list", "-f", "json")[1]) == []


def test_a_command_tells_hooks_and_journal_and_what_they_got_wrong(treadle, tmp_path, capsys):
    treadle("hook", "set", "ok", "--command", f"cat >{tmp_path}/told")
    treadle("hook", "set", "bad", "--command", "exit 4")
    state = StackState(tmp_path / "state", "overcloud")
    with rendered(state) as events, events.span("reload", "reload keystone", node="n", subject="keystone"):
        pass
    assert json.loads((tmp_path / "told").read_text())["kind"] == "reload.end"
    assert capsys.readouterr().err.count("warning: hook bad") == 2
    journal = [json.loads(line)["kind"] for line in state.journal.read_text().splitlines()[4:]]
    assert journal == ["reload.begin", "hook.fail", "reload.end", "hook.fail"]


def test_a_command_that_only_looks_tells_nobody(treadle, tmp_path):
    treadle("hook", "set", "ok", "--command", f"touch {tmp_path}/told", "--on", "*")
    with rendered() as events:
        events.emit("reload.begin")
    assert not (tmp_path / "told").exists()

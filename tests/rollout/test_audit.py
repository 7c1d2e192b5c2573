"""Commands as the journal's lines tell them: who, what, why, and how they ended."""

import json
import os
import socket
import time

import pytest

from treadle.errors import InputError, StepFailed
from treadle.events import Events
from treadle.rollout.audit import runs, since
from treadle.rollout.journal import began, write

HERE = f"me@{socket.gethostname()}"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


def journaled(path, who=HERE, at=5.0):
    return Events(lambda event: write(path, event, who), clock=lambda: at)


def begun(path, process, who=HERE):
    """A command of another process, that has not ended."""
    events = journaled(path, who)
    events.emit("command.begin", "overcloud deploy", message="bug 7", words="-e a.yaml")
    lines = path.read_text().splitlines()
    last = {**json.loads(lines[-1]), "process": process}
    path.write_text("\n".join([*lines[:-1], json.dumps(last)]) + "\n")


def outcomes(path):
    return [run.outcome for run in runs(path)]


def test_a_command_that_ends_fails_or_goes_on(path):
    events = journaled(path)
    with events.span("command", "overcloud deploy", message="bug 7", words="-e a.yaml"):
        events.emit("generation", "generation abc", generation="abc")
        events.emit("phase.end", "Plan", seconds=1.0)
    with pytest.raises(StepFailed), events.span("command", "overcloud delete"):
        raise StepFailed("it broke", hint="try again")
    with pytest.raises(KeyboardInterrupt), events.span("command", "overcloud deploy"):
        raise KeyboardInterrupt
    events.emit("command.begin", "overcloud lock")
    first, *_ = runs(path)
    assert (first.when, first.who, first.what, first.why, first.generation) == (
        5.0, HERE, "overcloud deploy -e a.yaml", "bug 7", "abc")
    assert outcomes(path) == ["done in 0.0 s", "failed: it broke\n  try again", "failed: KeyboardInterrupt",
                              "under way"]


def test_one_command_within_another(path):
    events = journaled(path)
    with events.span("command", "outer"):
        with events.span("command", "inner"):
            events.emit("generation", generation="abc")
        events.emit("command.begin", "left behind")
    found = [(run.what, run.generation, run.outcome) for run in runs(path)]
    assert found == [("outer", "", "under way"), ("inner", "abc", "done in 0.0 s"),
                     ("left behind", "", "done in 0.0 s")]


@pytest.mark.parametrize(("process", "who", "outcome"), [
    (f"{os.getpid()}/{began(os.getpid())}", HERE, "under way"),
    (f"{os.getpid()}/1", HERE, "cut off"),  # the number is that of a later process
    (f"{2**22 + 1}/77", HERE, "cut off"),
    ("", HERE, "cut off"),
    (f"{2**22 + 1}/77", "me@elsewhere", "under way, or cut off on elsewhere"),
], ids=["it runs", "another has its number", "it is gone", "none", "of another machine"])
def test_a_command_without_an_end(path, process, who, outcome):
    begun(path, process, who)
    assert outcomes(path) == [outcome]


def test_commands_of_two_processes_at_once_are_told_apart(path):
    begun(path, "1/1")
    with journaled(path).span("command", "overcloud setting set"):
        begun(path, "2/2")
    assert [(run.what.split()[1], run.outcome) for run in runs(path)] == [
        ("deploy", "cut off"), ("setting", "done in 0.0 s"), ("deploy", "cut off")]


def test_several_journals_in_the_order_of_time(tmp_path):
    for name, at in (("a", 2.0), ("b", 1.0), ("a", 3.0)):
        with journaled(tmp_path / name, at=at).span("command", f"{name}{at}"):
            pass
    assert [run.what for run in runs(tmp_path / "a", tmp_path / "b", tmp_path / "none")] == ["b1.0", "a2.0", "a3.0"]


@pytest.mark.parametrize(("text", "expected"), [
    ("90m", 1_000_000 - 5400), ("2h", 1_000_000 - 7200), ("1d", 1_000_000 - 86400), ("1w", 1_000_000 - 604800),
    ("2026-11-21", time.mktime((2026, 11, 21, 0, 0, 0, 0, 0, -1))),
    ("2026-11-21T14:00", time.mktime((2026, 11, 21, 14, 0, 0, 0, 0, -1))),
    ("2026-11-21T14:00+00:00", 1795269600.0),
])
def test_times(text, expected):
    assert since(text, 1_000_000) == expected


@pytest.mark.parametrize("text", ["yesterday", "", "5", "5y", "2026-13-01"])
def test_no_times(text):
    with pytest.raises(InputError, match=r"--since: .* is no time\n.*90m"):
        since(text)

"""One change of a stack at a time; who holds the lock is named, and who is dead holds nothing."""

import json
import multiprocessing
import os
import signal
import time

import pytest

from tests.support import Heard
from treadle.errors import LockHeld
from treadle.events import silent
from treadle.rollout.lock import Holder, held, read

FORK = multiprocessing.get_context("fork")


def hold(path, ready, seconds):
    with held(path, "deploy for bug 7", silent()):
        ready.set()
        time.sleep(seconds)


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock."""
    ready = FORK.Event()
    process = FORK.Process(target=hold, args=(tmp_path / "s/lock", ready, 60))
    process.start()
    assert ready.wait(10)
    yield process
    process.kill()
    process.join()


def test_held_while_held_and_free_afterwards(tmp_path):
    path = tmp_path / "deep/lock"
    with held(path, "why", silent()):
        holder = read(path)
        assert (holder.pid, holder.why, holder.gone) == (os.getpid(), "why", False)
    assert list(path.parent.iterdir()) == []


def test_free_after_a_failure(tmp_path):
    with pytest.raises(ZeroDivisionError), held(tmp_path / "lock", "why", silent()):
        raise ZeroDivisionError
    assert read(tmp_path / "lock") is None


def test_a_live_holder_is_named(tmp_path, other):
    with pytest.raises(LockHeld) as caught, held(tmp_path / "s/lock", "me too", silent()):
        pytest.fail("two hold it")
    said = str(caught.value)
    assert f"process {other.pid} on " in said and "deploy for bug 7" in said and str(tmp_path / "s/lock") in said
    assert read(tmp_path / "s/lock").pid == other.pid
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["lock"]


def test_a_dead_holders_lock_is_taken_over_and_said_so(tmp_path, other):
    os.kill(other.pid, signal.SIGKILL)
    other.join()
    heard = Heard()
    with held(tmp_path / "s/lock", "again", heard.events()):
        assert read(tmp_path / "s/lock").pid == os.getpid()
    assert heard.kinds() == ["lock.broken"] and "deploy for bug 7" in heard[0].text


def test_what_a_taker_left_that_was_killed_in_the_middle_hinders_nobody(tmp_path, other):
    os.kill(other.pid, signal.SIGKILL)
    other.join()
    folder = tmp_path / "s"
    os.link(folder / "lock", folder / ".lock.treadle-new")  # it had not yet removed the first name of its lock
    (folder / ".nodes.json.abcdefgh.treadle-new").write_text("half")
    with held(folder / "lock", "again", silent()):
        assert [path.name for path in folder.iterdir()] == ["lock"]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("changed", "gone"), [
    ({}, False),
    ({"began": "1"}, True),  # the number is that of a later process
    ({"pid": 2**22 + 1}, True),
    ({"host": "elsewhere", "pid": 2**22 + 1}, False),  # nobody here can tell
])
def test_certainly_dead(tmp_path, changed, gone):
    with held(tmp_path / "lock", "why", silent()):
        mine = read(tmp_path / "lock")
    assert Holder(**{**vars(mine), **changed}).gone is gone


@pytest.mark.parametrize("content", ["", "nonsense", "[]", '{"who": "me"}'])
def test_a_file_that_is_no_lock_is_in_nobodys_way(tmp_path, content):
    (tmp_path / "lock").write_text(content)
    with held(tmp_path / "lock", "why", silent()):
        assert read(tmp_path / "lock").pid == os.getpid()


def test_a_lock_that_was_broken_and_taken_meanwhile_is_left_to_its_new_holder(tmp_path):
    path = tmp_path / "lock"
    with held(path, "first", silent()):
        stranger = {**vars(read(path)), "pid": 1, "why": "second"}
        path.write_text(json.dumps(stranger))
    assert read(path).why == "second"


def contend(path, start, inside, most, times):
    start.wait()
    for _ in range(40):
        try:
            with held(path, "mine", silent()):
                with inside.get_lock():
                    inside.value += 1
                    most.value = max(most.value, inside.value)
                    times.value += 1
                time.sleep(0.0005)
                with inside.get_lock():
                    inside.value -= 1
                # Die with the lock held, as far as the others can see.
                path.write_text(json.dumps({**vars(read(path)), "began": "1"}))
        except LockHeld:
            time.sleep(0.0005)


def test_of_many_that_find_a_dead_holder_one_takes_over(tmp_path):
    start, inside, most, times = FORK.Event(), FORK.Value("i", 0), FORK.Value("i", 0), FORK.Value("i", 0)
    everyone = [FORK.Process(target=contend, args=(tmp_path / "lock", start, inside, most, times)) for _ in range(4)]
    for process in everyone:
        process.start()
    start.set()
    for process in everyone:
        process.join()
        assert process.exitcode == 0
    assert most.value == 1 and times.value > 4

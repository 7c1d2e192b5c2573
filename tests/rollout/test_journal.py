"""The journal's chain: what was edited, removed or cut shows; what a kill or a full disk left does no harm."""

import hashlib
import json
import multiprocessing
import os
import resource
import signal
import time

import pytest

from treadle.errors import HostError
from treadle.events import Event
from treadle.rollout.journal import GENESIS, journal_head, read, verify, write

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "stack/journal.jsonl"


def add(path, *texts):
    for text in texts:
        write(path, Event("action.end", text, time=7.0), "me@here")


def texts(path):
    return [entry["text"] for entry in read(path)]


def rewritten(path, change):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))


def test_each_line_has_the_hash_of_the_one_before(path):
    assert journal_head(path) == GENESIS and verify(path, {"g": GENESIS}).sound
    add(path, "a", "é\n", "c")
    first, second, third = path.read_bytes().splitlines()
    assert [json.loads(line)["previous"] for line in (first, second, third)] == [
        GENESIS, hashlib.sha256(first).hexdigest(), hashlib.sha256(second).hexdigest()]
    assert journal_head(path) == hashlib.sha256(third).hexdigest()
    assert verify(path, {"g": journal_head(path)}) == verify(path, {}) and verify(path, {}).lines == 3
    entry = next(read(path))
    assert (entry["who"], entry["kind"], entry["time"]) == ("me@here", "action.end", 7.0)
    assert entry["process"].startswith(f"{os.getpid()}/")


@pytest.mark.parametrize("size", [0, 1, 8100, 8191, 8192, 8193, 20000, 16384 * 3])
def test_a_last_line_of_any_length(path, size):
    add(path, "x" * size, "y" * size, "z")
    assert verify(path, {}) == verify(path, {"last": journal_head(path)}) and not verify(path, {}).wrong
    assert texts(path) == ["x" * size, "y" * size, "z"]


def edited(number, old, new):
    return lambda lines: [line.replace(old, new) if at == number else line for at, line in enumerate(lines)]


@pytest.mark.parametrize(("change", "wrong"), [
    (edited(1, b'"b"', b'"B"'), 3),
    (edited(0, b"me@here", b"you@here"), 2),
    (lambda lines: lines[1:], 1),
    (lambda lines: [lines[0], *lines[2:]], 2),
    (lambda lines: [lines[0], lines[0], *lines[1:]], 2),
    (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
    (lambda lines: [lines[0], b"nonsense\n", *lines[1:]], 3),
    (lambda lines: [lines[0], b"\n", *lines[1:]], 3),
    (edited(2, b'"previous"', b'"Previous"'), 3),
    (lambda lines: [lines[0], b"[]\n", *lines[2:]], 3),
])
def test_what_was_tampered_with_is_named(path, change, wrong):
    add(path, "a", "b", "c", "d")
    rewritten(path, change)
    assert verify(path, {}).wrong == wrong and not verify(path, {}).sound


def test_a_tail_that_was_removed_is_missed_where_it_was_anchored(path):
    add(path, "a", "b")
    anchors = {"early": journal_head(path)}
    add(path, "c")
    anchors["late"] = journal_head(path)
    assert verify(path, anchors).sound
    rewritten(path, lambda lines: lines[:-1])
    assert not verify(path, {}).wrong
    assert verify(path, anchors).lost == ("late",)
    path.unlink()
    assert verify(path, anchors).lost == ("early", "late")


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_line_that_was_cut_off_is_bridged_and_reported(path, cut):
    add(path, "a", "b", "c")
    path.write_bytes(path.read_bytes()[:-cut])
    add(path, "d", "e")
    assert texts(path) == ["a", "b", *(["c"] if cut == 1 else []), "d", "e"]
    found = verify(path, {})
    assert found.sound and found.cut == (() if cut == 1 else (3,)) and found.lines == 5
    rewritten(path, edited(2, b"previous", b"PREVIOUS"))
    assert verify(path, {}).wrong == (3 if cut == 1 else 4), "what is left of it is part of the chain"


def append(path, name, count, start):
    start.wait()
    for number in range(count):
        add(path, f"{name} {number}")


def test_several_processes_append_at_once(path):
    start = FORK.Event()
    everyone = [FORK.Process(target=append, args=(path, name, 150, start)) for name in "abcd"]
    for process in everyone:
        process.start()
    start.set()
    for process in everyone:
        process.join()
        assert process.exitcode == 0
    assert verify(path, {}).sound and verify(path, {}).lines == 600
    assert sorted(texts(path)) == sorted(f"{name} {number}" for name in "abcd" for number in range(150))


def test_a_process_that_is_killed_while_it_appends_hinders_nobody(path):
    for _ in range(5):
        start = FORK.Event()
        process = FORK.Process(target=append, args=(path, "x", 100_000, start))
        process.start()
        start.set()
        time.sleep(0.03)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        add(path, "after")
    assert verify(path, {}).sound and texts(path)[-1] == "after"


def test_a_full_disk_leaves_the_chain_whole(path, small_disk):
    path = small_disk / "journal.jsonl"
    add(path, "a")
    with pytest.raises(HostError, match="No space left on device"):
        add(path, "x" * 2_000_000)
    add(path, "b")
    assert texts(path) == ["a", "b"] and verify(path, {}).cut == () and verify(path, {}).sound


def test_a_process_that_may_write_no_more_leaves_the_chain_whole(path):
    add(path, "a")
    size = path.stat().st_size

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, size + 40))
        try:
            add(path, "b")
        except OSError:
            os._exit(7)

    child = FORK.Process(target=limited)
    child.start()
    child.join()
    assert child.exitcode == 7 and path.stat().st_size == size
    add(path, "c")
    assert texts(path) == ["a", "c"] and verify(path, {}).sound


def test_a_line_costs_far_less_than_a_millisecond(path):
    began = time.process_time()  # others may use the machine too
    add(path, *map(str, range(500)))
    assert (time.process_time() - began) / 500 < 0.001

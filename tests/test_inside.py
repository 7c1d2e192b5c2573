"""Commands inside containers. How they are ended is in tests/e2e/test_replacements.py."""

import os
import signal
import subprocess

import pytest

from treadle.engine import STACK, Engine
from treadle.images import catalogue
from treadle.inside import demultiplexed, descendants, in_order


def frame(stream, data):
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


@pytest.mark.parametrize(("raw", "expected"), [
    (b"", b""), (frame(1, b"out"), b"out"), (frame(1, b"o") + frame(2, b"e") + frame(1, b"o"), b"oeo"),
    (frame(1, b""), b""), (frame(1, b"cut off")[:-3], b"cut "), (frame(1, b"a") + b"\1\0\0", b"a"),
    (frame(1, b"x" * 70000), b"x" * 70000),
])
def test_demultiplexed(raw, expected):
    assert demultiplexed(raw) == expected


def test_descendants_are_children_and_theirs():
    with subprocess.Popen(["/bin/sh", "-c", "(sleep 100; true) & echo begun; sleep 100; true"],
                          stdout=subprocess.PIPE, start_new_session=True) as parent:
        assert parent.stdout and parent.stdout.readline() == b"begun\n"
        try:
            while len(found := descendants(parent.pid)) < 3:
                pass
            assert len(found) == 3
        finally:
            os.killpg(parent.pid, signal.SIGKILL)


@pytest.mark.engine
def test_what_a_command_writes_to_both_outputs_comes_in_its_order():
    name = f"treadle-inside-{os.getpid()}"
    engine = Engine()
    there = engine.create(name, {"Image": catalogue.load(catalogue.project_folder()).base, "Cmd": ["sleep", "600"],
                                 "Labels": {STACK: name}}, {})
    try:
        engine.start(there, name)
        script = "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i; i=$((i+1)); echo $i >&2; done; exit 3"
        code, said = engine.execute(there, in_order(["sh", "-c", script]))
        assert (code, said.split()) == (3, [str(number) for number in range(1, 301)])
    finally:
        engine.remove(there)

"""Commands inside containers: what needs no engine. The rest is in tests/e2e/test_replacements.py."""

import os
import signal
import subprocess

import pytest

from treadle.inside import demultiplexed, descendants


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

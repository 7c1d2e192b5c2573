"""A command inside a running container, through the engine's API, with an end to it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: The exit code of a command that was ended because it took too long: that of timeout(1).
TIMED_OUT = 124
_PROC = Path("/proc")
#: How long (seconds) the engine may take to start a command.
_STARTING = 5.0


def in_order(argv: Sequence[str]) -> list[str]:
    """The command with both outputs in one pipe, for a caller to whom their order matters: an engine that is busy may
    pass on what came through two in any order."""
    return ["sh", "-c", 'exec "$@" 2>&1', "sh", *argv]


def run_inside(api: Any, container: str, argv: Sequence[str], *, user: str, privileged: bool,
               environment: Mapping[str, str], limit: float | None) -> tuple[int, str]:
    """Its exit code and what it wrote. After ``limit`` seconds it is ended with all that it started: TIMED_OUT, with a
    last line that says so."""
    made = api.exec_create(container, list(argv), user=user, privileged=privileged, environment=dict(environment))
    until = None if limit is None else time.monotonic() + limit
    stream = api.exec_start(made["Id"], socket=True)
    try:
        raw, ended = _read(stream, until)
    finally:
        stream.close()
    output = demultiplexed(raw).decode("utf-8", "replace")
    code = _exit_code(api, made["Id"], until) if ended else None
    if code is not None:
        return code, output
    left = _end(api, made["Id"])
    return TIMED_OUT, f"{output.rstrip()}\n({left} after {limit:g} s)".lstrip()


def _read(stream: Any, until: float | None) -> tuple[bytes, bool]:
    """What came, and whether the stream came to its end in time."""
    raw = bytearray()
    poll = select.poll()
    poll.register(stream.fileno(), select.POLLIN | select.POLLPRI)
    while True:
        left = None if until is None else max(0.0, until - time.monotonic()) * 1000
        if not poll.poll(left):
            return bytes(raw), False
        data = os.read(stream.fileno(), 65536)
        if not data:
            return bytes(raw), True
        raw += data


def demultiplexed(raw: bytes) -> bytes:
    """Both outputs as they came. Source: Docker's API, "attach": frames with a header of 8 bytes, whose last 4 are
    the length."""
    found, at = bytearray(), 0
    while at + 8 <= len(raw):
        length = int.from_bytes(raw[at + 4:at + 8], "big")
        found += raw[at + 8:at + 8 + length]
        at += 8 + length
    return bytes(found)


def _exit_code(api: Any, made: str, until: float | None) -> int | None:
    """None where it goes on after it closed its output."""
    while True:
        state = api.exec_inspect(made)
        if not state["Running"] and state["ExitCode"] is not None:
            return int(state["ExitCode"])
        if until is not None and time.monotonic() > until:
            return None
        time.sleep(0.02)


def _end(api: Any, made: str) -> str:
    """Kill it with all that it started, and say so. The engine cannot: it ends only whole containers."""
    until = time.monotonic() + _STARTING
    while (state := api.exec_inspect(made))["Running"]:
        pid = int(state["Pid"] or 0)
        if _belongs(pid, str(state["ContainerID"])):
            _kill(pid)
            break
        if time.monotonic() > until:
            return f"given up, but process {pid} of the engine's machine goes on"
        time.sleep(0.05)  # on a busy machine the engine may be about to start it still
    return "ended"


def _kill(pid: int) -> None:
    """With all that it started. All of them are stopped first, so that none starts another meanwhile."""
    stopped = set[int]()
    while new := {pid, *descendants(pid)} - stopped:
        for process in new:
            _signal(process, signal.SIGSTOP)
        stopped |= new
    for process in stopped:
        _signal(process, signal.SIGKILL)


def _signal(process: int, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, what)


def _belongs(pid: int, container: str) -> bool:
    """Whether that number is this container's process here too: an engine may be on another machine."""
    try:
        return pid > 1 and container in (_PROC / str(pid) / "cgroup").read_text()
    except OSError:
        return False


def descendants(pid: int) -> list[int]:
    """All that ``pid`` started, and what those started."""
    parents: dict[int, list[int]] = {}
    for path in _PROC.glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found, left = list[int](), [pid]
    while left:
        children = parents.get(left.pop(), [])
        found += children
        left += children
    return found

"""Work that may never end is done aside: by another process, with a limit of processor time and of memory.

Python cannot stop a regular expression, nor yaql an expression that only loops. What is known to be cheap runs here;
everything else is asked of ``runaway.py``, a process that is simply ended. It is started, not forked, so that
threads of this process do no harm. (The regex package's timeout was the alternative for patterns; it is another
dialect, and the limits of yaql would still be missing.)
"""

from __future__ import annotations

import functools
import math
import os
import pickle
import re
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

from treadle.heat.faults import Fault, brief
from treadle.heat.limits.runaway import OUT_OF_MEMORY, SECONDS

#: The processor's time is limited by the other process itself; this is for a machine that gives it none.
_WALL = 30.0
#: What a pattern may cost here, as a power of two of steps; by far most cost less than this bound says.
FREE = 26.0
_LONGEST = 10_000
_SIMPLE = {_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN, _constants.AT}
_REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT}


@functools.lru_cache(maxsize=1024)
def compiled_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Fault when it is no regular expression, or too long or too deep to compile."""
    if len(pattern) > _LONGEST:
        raise Fault(f"the regular expression is longer than {_LONGEST} characters")
    try:
        compiled = re.compile(pattern, flags)
    except RecursionError:
        raise Fault(f"{brief(pattern)} is nested too deep for a regular expression") from None
    except (re.error, OverflowError) as error:
        raise Fault(f"{brief(pattern)} is not a regular expression: {error}") from error
    return compiled


@functools.lru_cache(maxsize=4096)
def cost(pattern: re.Pattern[str], length: int, *, anywhere: bool = True) -> float:
    """A bound of the steps, as a power of two, in which all matches in a text of ``length`` characters are found, or
    the one at its start."""
    try:
        bits, free = _parts(_tree(pattern), length)
        return math.log2(len(pattern.pattern) + 1) / 2 + bits + _shared(free + anywhere, length)
    except RecursionError:
        return math.inf


@functools.lru_cache(maxsize=1024)
def _tree(pattern: re.Pattern[str]) -> Any:
    return _parser.parse(pattern.pattern, pattern.flags)


def _choices(tree: Any, length: int) -> float:
    bits, free = _parts(tree, length)
    return bits + _shared(free, length)


def _shared(free: int, length: int) -> float:
    """In how many ways so many parts can share the text."""
    return math.log2(math.comb(length + free, free))


def _parts(tree: Any, length: int) -> tuple[float, int]:
    """Every way to match may have to be tried: choices multiply, those inside a repetition once a round. Repetitions
    without a bound that follow each other share the text: they are counted, for ``_shared``."""
    bits, free = 0.0, 0
    for operator, argument in tree:
        if operator in _REPEATS:
            rounds = min(int(argument[1]), length)
            bits += _choices(argument[2], length) * rounds
            if rounds == length and argument[2].getwidth()[0]:
                free += 1
            else:
                bits += math.log2(rounds + 1)
        elif operator is _constants.BRANCH:
            bits += math.log2(len(argument[1])) + max(_choices(branch, length) for branch in argument[1])
        elif operator is _constants.SUBPATTERN:
            inner, more = _parts(argument[-1], length)
            bits, free = bits + inner, free + more
        elif operator in (_constants.ASSERT, _constants.ASSERT_NOT):
            bits += _choices(argument[1], length)
        elif operator is _constants.GROUPREF:
            bits += math.log2(length + 1)
        elif operator not in _SIMPLE:
            return math.inf, free
    return bits, free


def matches_whole(pattern: str, text: str) -> bool:
    """Whether a match from the text's start reaches its end, as Heat asks of allowed_pattern."""
    compiled = compiled_pattern(pattern)
    if cost(compiled, len(text), anywhere=False) <= FREE:
        match = compiled.match(text)
        return match is not None and match.end() == len(text)
    kind, found = aside("matches_whole", pattern, text)
    if kind != "value":
        raise Fault(f"the regular expression {brief(pattern)} takes {spent(kind, found)} on a text of {len(text)} "
                    "characters", "write it so that no repeated part holds another repetition")
    return bool(found)


def spent(kind: str, said: Any) -> str:
    """How an answer that is no value ended, for "it takes ..."."""
    if kind == "memory":
        return "too much memory"
    return f"more than {SECONDS} seconds" if kind == "time" else str(said)


def aside(*question: Any) -> tuple[str, Any]:
    """What ``runaway.py`` answers to (task, argument, ...): ("value", ...) or what it says instead, or
    ("time", None) or ("memory", None) when it ran away."""
    return _helper(os.getpid()).ask(question)


@functools.cache
def _helper(owner: int) -> _Helper:  # noqa: ARG001 (a forked copy of this process needs its own)
    return _Helper()


class _Helper:
    """The other process; started when it is first needed, and again after it was ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: tuple[Any, ...]) -> tuple[str, Any]:
        message = pickle.dumps(question)
        with self._lock:
            process = self._process if self._process and self._process.poll() is None else self._start()
            try:
                answer = _asked(process, message)
            except BaseException:  # its answer would be taken for that to the next question
                _end(process, os.getpid())
                raise
            if answer is None:
                return self._lost(process), None
        found: tuple[str, Any] = pickle.loads(answer)
        return found

    def _lost(self, process: subprocess.Popen[bytes]) -> str:
        """What a process that gave no answer had too much of."""
        code = _end(process, os.getpid())
        if code > 0 and code != OUT_OF_MEMORY:
            raise Fault("the process for expressions that may run away fails", "is the yaql package installed? try: "
                        f"{sys.executable} -c 'import collections.abc, yaql'")
        return "time" if code in (-signal.SIGPROF, -signal.SIGKILL) else "memory"

    def _start(self) -> subprocess.Popen[bytes]:
        program = Path(__file__).with_name("runaway.py")
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-W", "ignore", str(program)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        weakref.finalize(self, _end, process, os.getpid())
        self._process = process
        with suppress(BrokenPipeError):
            _write(process, pickle.dumps(sys.path))
        return process


def _asked(process: subprocess.Popen[bytes], message: bytes) -> bytes | None:
    with suppress(BrokenPipeError):
        _write(process, message)
        return _read(process, time.monotonic() + _WALL)
    return None


def _end(process: subprocess.Popen[bytes], owner: int) -> int:
    """End the process if it does not end by itself; its exit code. A forked copy of its owner leaves it alone."""
    if os.getpid() != owner:
        return 0
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.1)
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    return process.wait()


def _write(process: subprocess.Popen[bytes], message: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(len(message).to_bytes(8) + message)
    process.stdin.flush()


def _read(process: subprocess.Popen[bytes], until: float) -> bytes | None:
    """The next answer; None when the process ends without one or gives none in time."""
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    got = bytearray()
    wanted = 8
    while len(got) < wanted:
        if not select.select([pipe], [], [], max(0.0, until - time.monotonic()))[0]:
            return None
        part = os.read(pipe, 1 << 20)
        if not part:
            return None
        got += part
        if wanted == 8 and len(got) >= 8:
            wanted += int.from_bytes(got[:8])
    return bytes(got[8:])

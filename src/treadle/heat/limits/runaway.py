"""The program that does what may never end: run as a script of its own, one question after the other.

It reads (length, pickle) of ``(task, *arguments)`` from standard input and answers likewise on standard output. It
imports nothing of Treadle, so that it starts in 10 ms. Its memory is limited for good, its processor time for each
question; when that is spent the kernel ends it, and whoever asked starts another.
"""

from __future__ import annotations

import functools
import pickle
import re
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any, BinaryIO

SECONDS = 0.4
#: More for much data, and at most so much more.
SECONDS_A_BYTE = 1e-5
MORE_SECONDS = 2.0
MEMORY = 320 * 2**20
#: limit_iterators and memory_quota as TripleO sets them in heat.conf.
LIMITS = {"yaql.limitIterators": 9000, "yaql.memoryQuota": 900000}
MAX_VALUES = 500_000
MAX_BYTES = 32 * 2**20
OUT_OF_MEMORY = 3
_DEPTH = 4000

Answer = tuple[str, Any]


def plain(value: Any, left: list[int]) -> Any:
    """Tuples, sets and iterators as lists, maps with strings as keys. ``left``: how many values it may still have."""
    left[0] -= 1
    if left[0] < 0:
        raise MemoryError
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, Mapping):
        return {plain_key(key): plain(item, left) for key, item in value.items()}
    if isinstance(value, Set):
        return [plain(item, left) for item in in_order(value)]
    if isinstance(value, Iterable):
        return [plain(item, left) for item in value]
    return str(value)


def plain_key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    return str(key)


def in_order(values: Iterable[Any]) -> list[Any]:
    """A set of scalars in one order: Python's own is another in every process."""
    return sorted(values, key=lambda item: (item is not None, isinstance(item, str), 0 if item is None else item))


@functools.cache
def _engine() -> tuple[Any, Any]:
    import collections.abc  # noqa: F401 (yaql uses it without an import of its own)

    import yaql

    return yaql.YaqlFactory().create(LIMITS), yaql.create_context()


def evaluate(expression: str, data: Any) -> Answer:
    """What the yaql library makes of it: ("value", v), ("invalid", why) or ("error", why)."""
    from yaql.language.exceptions import YaqlLexicalException, YaqlParsingException

    engine, context = _engine()
    try:
        statement = engine(expression)
    except (YaqlParsingException, YaqlLexicalException, ValueError) as error:
        return "invalid", str(error)
    value = statement.evaluate({"data": data}, context.create_child_context())
    return "value", plain(value, [MAX_VALUES])


def matches_whole(pattern: str, text: str) -> Answer:
    match = re.compile(pattern).match(text)
    return "value", match is not None and match.end() == len(text)


_TASKS: dict[str, Callable[..., Answer]] = {"yaql": evaluate, "matches_whole": matches_whole}


def answered(question: tuple[Any, ...]) -> Answer:
    task, *arguments = question
    try:
        return _TASKS[task](*arguments)
    except MemoryError:
        return "memory", None
    except Exception as error:  # the library raises whatever the expression runs into
        return "error", f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _packed(question: tuple[Any, ...]) -> bytes:
    try:
        answer = pickle.dumps(answered(question))
        if len(answer) <= MAX_BYTES:
            return answer
    except MemoryError:
        pass
    return pickle.dumps(("memory", None))


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer until nobody asks any more. The first message is where modules are found."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    sys.setrecursionlimit(_DEPTH)
    sys.path[:] = pickle.loads(asked.read(int.from_bytes(asked.read(8))))
    while header := asked.read(8):
        message = asked.read(int.from_bytes(header))
        question = pickle.loads(message)
        if question[0] == "yaql":
            _engine()
        data = len(message) - len(pickle.dumps(question[1]))
        signal.setitimer(signal.ITIMER_PROF, SECONDS + min(SECONDS_A_BYTE * data, MORE_SECONDS))
        answer = _packed(question)
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(len(answer).to_bytes(8) + answer)
        answers.flush()


if __name__ == "__main__":
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)

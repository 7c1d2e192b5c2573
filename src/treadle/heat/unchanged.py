"""The same question, asked again while nothing that it depends on has changed, gets the same answer at once."""

from __future__ import annotations

import gc
import hashlib
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from treadle.heat.files import Files, Seen
from treadle.heat.resources.random_string import RandomProvider, RandomRequest, generate

_ROOM = 16


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Nearly everything that an evaluation makes stays, so looking for garbage meanwhile would only take time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@dataclass(frozen=True)
class _Answer:
    """``packed`` because whoever asks may change what he gets."""

    packed: bytes
    seen: Seen
    strings: dict[RandomRequest, str]


class Answers:
    """The last answers, kept with the files that they were made from."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, _Answer] = OrderedDict()

    def ask(self, question: tuple[Any, ...], files: Files, random: RandomProvider | None,
            make: Callable[[RandomProvider], Any]) -> Any:
        """What ``make`` gives for ``question`` (all that is not in a file), made anew only where a file that it
        read, or a string that ``random`` gave, is no longer the same. Without ``random`` strings stay."""
        key = _key(question)
        with collector_at_rest():
            if key is None:
                return make(random or generate)
            known = self._kept.get(key)
            if known is None or not self._holds(known, files, random):
                known = self._kept[key] = _made(files, random or generate, make)
                if len(self._kept) > _ROOM:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return pickle.loads(known.packed)

    def _holds(self, known: _Answer, files: Files, random: RandomProvider | None) -> bool:
        return files.as_seen(known.seen) and (
            random is None or all(random(request) == text for request, text in known.strings.items()))


def _key(question: tuple[Any, ...]) -> bytes | None:
    """None for a question with values that cannot be told apart by content."""
    try:
        return hashlib.blake2b(pickle.dumps(question), digest_size=16).digest()
    except (pickle.PicklingError, TypeError, AttributeError):
        return None


def _made(files: Files, random: RandomProvider, make: Callable[[RandomProvider], Any]) -> _Answer:
    strings: dict[RandomRequest, str] = {}

    def noted(request: RandomRequest) -> str:
        strings[request] = random(request)
        return strings[request]

    with files.watched() as seen:
        answer = make(noted)
    return _Answer(pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL), seen, strings)

"""What happens, said once, for whoever listens.

Packages emit events; renderers (a terminal, plain lines, JSON lines, the audit log) subscribe. A node's
events travel as JSON lines. Text in an event must already be free of secrets: ``Events`` masks it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Event:
    """One thing that happened. ``kind`` is dotted (``step.begin``); ``time`` is seconds since the epoch."""

    kind: str
    text: str = ""
    node: str = ""
    step: str = ""
    subject: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    time: float = 0.0


Listener = Callable[[Event], None]


class Events:
    """Hands each event to every listener, after ``mask`` has taken secrets out of its text. Threads may share it:
    listeners are called one event at a time."""

    def __init__(self, *listeners: Listener, mask: Callable[[str], str] | None = None,
                 clock: Callable[[], float] = time.time) -> None:
        self._listeners = listeners
        self._mask = mask or (lambda text: text)
        self._clock = clock
        self._turn = threading.RLock()

    def masked_by(self, mask: Callable[[str], str]) -> None:
        """From now on ``mask`` takes secrets out (they are known only after planning)."""
        self._mask = mask

    def mask(self, text: str) -> str:
        """``text`` without secrets."""
        return self._mask(text)

    def emit(self, kind: str, text: str = "", *, node: str = "", step: str = "", subject: str = "",
             **data: Any) -> None:
        event = Event(kind, self._mask(text), node, step, subject, self._clean(data), self._clock())
        with self._turn:
            for listener in self._listeners:
                listener(event)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._mask(value)
        if isinstance(value, dict):
            return {k: self._clean(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(v) for v in value]
        return value

    @contextmanager
    def span(self, kind: str, text: str = "", **where: Any) -> Iterator[None]:
        """Emit ``KIND.begin``, then ``KIND.end`` with ``seconds``, or ``KIND.fail``."""
        began = time.monotonic()
        self.emit(f"{kind}.begin", text, **where)
        try:
            yield
        except BaseException as error:
            self.emit(f"{kind}.fail", text, seconds=time.monotonic() - began,
                      error=str(error) or type(error).__name__, **where)
            raise
        self.emit(f"{kind}.end", text, seconds=time.monotonic() - began, **where)


def silent() -> Events:
    """Events that nobody hears."""
    return Events()

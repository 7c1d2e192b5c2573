"""One transient container: made, started, listened to, waited for, removed. The engine may stumble; time is limited."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import tenacity

from treadle.engine import Engine, NameTaken
from treadle.errors import EngineError
from treadle.events import Events

T = TypeVar("T")
#: How often the engine is asked to make and start one container, with 0.5, 1, 2, 4 and 8 s between.
_TRIES = 6
#: What the listener may take to hear the rest, in seconds, when the container has ended.
_LAST_WORDS = 5.0


@dataclass(frozen=True)
class Ended:
    """``code`` is None where the time was over; ``log`` is all that it wrote."""

    code: int | None
    log: str


@dataclass(frozen=True)
class Transient:
    """``config`` and ``host`` are as the engine's API has them; ``about`` says in events what the container is for.

    It is started within a context of ``starting``, which may wait for what the container needs, and raise EngineError.
    """

    engine: Engine
    events: Events
    name: str
    config: Mapping[str, Any]
    host: Mapping[str, Any]
    about: str = ""
    starting: Callable[[], AbstractContextManager[None]] = nullcontext

    def begin(self) -> str:
        """Make and start it, again where the engine stumbles; gives its id. Raises EngineError."""
        return self._again(self._begin)

    def make(self) -> str:
        """Make it, for ``start``; gives its id. Raises EngineError."""
        return self._again(self._make)

    def start(self, container: str) -> None:
        """Raises EngineError."""
        self._again(lambda: self.engine.start(container, self.name))

    def run(self, time_limit: float, hear: Callable[[str], None]) -> Ended:
        """Begin it and wait until it ends, or for ``time_limit`` seconds; it is gone afterwards. ``hear`` is given each
        line as it comes. Raises EngineError."""
        container = self.begin()
        heard: Future[str] = Future()
        threading.Thread(target=self._listen, args=(container, hear, heard), daemon=True).start()
        try:
            code = self.engine.wait(container, time_limit)
            whole = wait([heard], 0 if code is None else _LAST_WORDS).done and not heard.exception()
            log = heard.result() if whole else self.engine.logs(container, "all")
        finally:
            self.engine.remove(container)
        wait([heard], _LAST_WORDS)
        return Ended(code, log)

    def _again(self, ask: Callable[[], T]) -> T:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(passing), stop=tenacity.stop_after_attempt(_TRIES), reraise=True,
            wait=tenacity.wait_exponential(multiplier=0.5), before_sleep=self._stumbled)(ask)

    def _make(self) -> str:
        try:
            return self.engine.create(self.name, self.config, self.host)
        except NameTaken:  # of a run that was killed
            self.engine.remove(self.name)
            return self.engine.create(self.name, self.config, self.host)

    def _begin(self) -> str:
        container = self._make()
        try:
            with self.starting():
                self.engine.start(container, self.name)
        except EngineError:
            self.engine.remove(container)
            raise
        return container

    def _listen(self, container: str, hear: Callable[[str], None], heard: Future[str]) -> None:
        """``heard`` gets all lines when the container has ended, or the engine's error."""
        lines = []
        try:
            for line in self.engine.follow(container):
                lines.append(f"{line}\n")
                hear(line)
            heard.set_result("".join(lines))
        except EngineError as error:
            heard.set_exception(error)
            self.events.emit("generate.output", f"{self.about}: its output cannot be followed: {error.message}")

    def _stumbled(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, EngineError):
            self.events.emit("generate.retry", f"{self.about}: {error.message}; once more")


def passing(error: BaseException) -> bool:
    """Whether it is the engine that stumbled: it did not answer, or refused without blaming the request."""
    import docker

    cause = error.__cause__
    if not isinstance(error, EngineError) or cause is None:
        return False
    if isinstance(cause, docker.errors.APIError):
        return bool(cause.is_server_error())
    return isinstance(cause, OSError)  # those of requests are

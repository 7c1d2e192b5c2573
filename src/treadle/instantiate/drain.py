"""Keeps new work away from a container before it is stopped, and lets it in again once it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from treadle.engine import NAME, NODE, STACK, Engine, Observed
from treadle.errors import EngineError, StepFailed
from treadle.events import Events
from treadle.files import read_document, write_private
from treadle.instantiate.desired import Desired
from treadle.plan.containers import Drain, argv_of
from treadle.plan.nodeplan import NodePlan
from treadle.plan.quantities import seconds

#: Seconds that letting work in again may take.
_UNDO_LIMIT = 30.0
#: What the engine gives for a command that was ended because its time was over.
_LATE = 124


@dataclass(frozen=True)
class Drainer:
    """Drains containers of one node. ``path`` remembers which are drained, beyond a kill: ``{name: since}``, in
    seconds since the epoch."""

    engine: Engine
    events: Events
    plan: NodePlan
    path: Path
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def drained(self, item: Desired, *, required: bool = True) -> Iterator[None]:
        """Around the stop and the start of a container: work is kept away before, and let in again after, if it runs.

        Where what is inside fails, work stays kept away: nobody knows what runs then. The next success, or
        ``recover``, lets it in. Raises StepFailed, and then nothing inside was begun, where draining fails, if it is
        ``required``; else that is told as ``drain.fail``.
        """
        self.drain(item, required=required)
        try:
            yield
        except BaseException:
            self.told_left(item.name)
            raise
        self.undo(item.name)

    def drain(self, item: Desired, *, required: bool = True) -> None:
        """Keep new work away, and wait for what is under way: no longer than ``within``, told as ``drain.late``.

        Nothing is done for a container that declares no drain or does not run, or where the container that knows how
        does not run: then no work comes through it.
        """
        how = item.container.drain
        where = self._running(how.container or item.name) if how else None
        if how is None or where is None or self._running(item.name) is None or item.name in self.left():
            return
        limit = seconds(how.within, f"{item.name}.drain.within")
        self._remember(item.name, time.time())
        try:
            with self.events.span("drain", f"drain {item.name}", node=self.plan.node, subject=item.name):
                self._command(where, argv_of(how.command), limit, lambda: self.events.emit(
                    "drain.late", f"{item.name} still has work after {limit:g} s: going on", node=self.plan.node,
                    subject=item.name))
        except StepFailed as error:
            self.undo(item.name)
            if required:
                raise StepFailed(f"{item.name} could not be drained: {error.message}", key=self.plan.node,
                                 hint="nothing was stopped; correct it, or go on without: --no-drain") from None

    def undo(self, name: str) -> None:
        """Let work in again, where it was kept away from a container that runs by now. Raises StepFailed where that
        fails; it is tried again by ``recover``."""
        if name not in self.left() or self._running(name) is None:
            return
        how = self._how(name)
        where = self._running(how.container or name) if how else None
        if how and how.undo and where:
            try:
                self._command(where, argv_of(how.undo), _UNDO_LIMIT, None)
            except StepFailed as error:
                raise StepFailed(f"{name} runs, but stays drained: {error.message}", key=self.plan.node,
                                 hint="correct it and run the same again: work is let in then") from None
        self._remember(name, None)
        self.events.emit("drain.undo", f"{name} takes work again", node=self.plan.node, subject=name)

    def recover(self, well: Callable[[str], bool]) -> None:
        """Let work in again where a kill or a failure left a container drained that is ``well`` by now."""
        for name in self.left():
            if well(name):
                self.undo(name)

    def told_left(self, name: str) -> None:
        """Tell that work stays kept away, where it does."""
        if name in self.left():
            self.events.emit("drain.left", f"{name} stays drained until it runs again", node=self.plan.node,
                             subject=name)

    def left(self) -> dict[str, float]:
        """Which containers are drained, since when."""
        return read_document(self.path, dict[str, float]) or {}

    def _remember(self, name: str, since: float | None) -> None:
        with self.lock:
            known = {other: moment for other, moment in self.left().items() if other != name}
            write_private(self.path, msgspec.json.encode(known if since is None else {**known, name: since}))

    def _how(self, name: str) -> Drain | None:
        return next((found[name].drain for found in self.plan.docker_config.values() if name in found), None)

    def _running(self, name: str) -> Observed | None:
        found = self.engine.containers({STACK: self.plan.stack, NODE: self.plan.node, NAME: name})
        return next((there for there in found if there.running), None)

    def _command(self, where: Observed, argv: Sequence[str], limit: float, late: Callable[[], None] | None) -> None:
        """Run it in the container. Raises StepFailed where it fails, or is late and that is not allowed."""
        try:
            code, output = self.engine.execute(where.id, argv, limit=limit)
        except EngineError as error:
            raise StepFailed(error.message) from error
        if code == _LATE and late is not None:
            late()
        elif code:
            said = f"did not end within {limit:g} s" if code == _LATE else f"ended with {code}"
            raise StepFailed(f"{' '.join(argv[:2])} {said}: {' '.join(output.split())[-300:]}".removesuffix(": "))

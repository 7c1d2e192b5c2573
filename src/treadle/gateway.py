"""The one way to change a node: each change has its reason and its line in the journal, and one stop flag holds for
all. What would be done without doing it (``--check``) is the planner's to say: nothing gets here then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from treadle.errors import StepFailed
from treadle.events import Events

T = TypeVar("T")


class NotBegun(StepFailed):
    """Something before it, or beside it, failed."""


@dataclass
class Gateway:
    """``do`` is called for every mutation, by any number of threads. Once one failed nothing more is begun."""

    events: Events
    node: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)

    def do(self, kind: str, subject: str, why: str, act: Callable[[], T], *, step: str = "") -> T:
        """Run ``act``; audited as ``action.begin`` and ``action.end`` (or ``action.fail``) with its reason."""
        if self.stopped.is_set():
            raise NotBegun(f"{kind} {subject} was not begun, because something before it failed")
        try:
            with self.events.span("action", f"{kind} {subject}", node=self.node, step=step, subject=subject,
                                  action=kind, why=why):
                return act()
        except BaseException:
            self.stopped.set()
            raise

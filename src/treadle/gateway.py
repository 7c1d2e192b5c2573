"""The one way to change anything: it can print instead of do, writes the audit line, and knows the stop flag."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from treadle.errors import StepFailed
from treadle.events import Events

T = TypeVar("T")


@dataclass
class Gateway:
    """``do`` is called for every mutation. Once one failed, or ``stop`` was called, nothing more is begun."""

    events: Events
    node: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)

    def do(self, kind: str, subject: str, why: str, act: Callable[[], T], *, step: str = "") -> T:
        """Run ``act``; audited as ``action.begin`` and ``action.end`` (or ``action.fail``) with its reason."""
        if self.stopped.is_set():
            raise StepFailed(f"{kind} {subject} was not begun, because something before it failed")
        try:
            with self.events.span("action", f"{kind} {subject}", node=self.node, step=step, subject=subject,
                                  action=kind, why=why):
                return act()
        except BaseException:
            self.stopped.set()
            raise

"""Renders events: a live line on a terminal, plain lines elsewhere. Both end with what took how long."""

from __future__ import annotations

import sys
import time
from typing import IO, Any

from treadle.events import Event

#: Phases and what happens inside them; everything else is for the journal.
_INDENTED = ("action.", "generate.volume.", "generate.plain", "generate.retry", "host_prep.task", "image.",
             "generation", "bootstrap.", "lock.", "node.failed", "propagate.", "rollback", "heat.", "reload.restart",
             "reload.busy", "drain.", "hook.", "tasks.", "validate.container.")
#: Phases, and what walks nodes through several of them.
_MARKS = {"begin": "▶", "end": "✓", "fail": "✗"}
_TITLES = {"phase": "", "batch": "Batch ", "update": "Update "}
#: As many things as the live line names; a Heat stack has hundreds in progress.
_LIVE = 4
#: As much as it shows of what Puppet says.
_SAID = 60


def text_of(event: Event) -> str | None:
    """The event as a person reads it; None for one that only programs need."""
    seconds = event.data.get("seconds")
    took = f"  {seconds:.1f} s" if isinstance(seconds, float) else ""
    where = f"{event.node}: " if event.node and not event.kind.startswith("phase.") else ""
    kind, _, edge = event.kind.rpartition(".")
    if kind in _TITLES:
        return f"{_MARKS[edge]} {_TITLES[kind]}{event.text}{took}"
    if not event.kind.startswith(_INDENTED) or event.kind.endswith(".begin"):
        return None
    if event.kind in ("host_prep.task", "tasks.task") and not event.data.get("changed"):
        return None
    why = f" ({event.data['why']})" if event.data.get("why") else ""
    failed = "failed: " if event.kind.endswith(".fail") and not event.kind.startswith("hook.") else ""
    return f"    {where}{failed}{event.text}{why}{took}"


class Plain:
    """One line an event, with the seconds since the start."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stderr
        self._began = time.monotonic()

    def __call__(self, event: Event) -> None:
        text = text_of(event)
        if text is not None:
            print(f"[{time.monotonic() - self._began:6.1f}s] {text}", file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing is left open."""


class Live:
    """Lines as ``Plain``, and under them one live line that shows what is being done right now."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._status = self._console.status("", spinner="dots")
        self._doing: dict[tuple[str, str, str], str] = {}
        self._status.start()

    def __call__(self, event: Event) -> None:
        from rich.markup import escape

        kind, _, edge = event.kind.rpartition(".")
        if kind == "prompt":  # the terminal is the user's now
            self._status.stop() if edge == "begin" else self._status.start()
            return
        key = (kind, event.node, event.subject or event.text)
        if edge == "begin":
            self._doing[key] = event.text
        elif edge in ("end", "fail"):
            self._doing.pop(key, None)
        elif event.kind == "generate.output" and (key := ("generate.volume", event.node, event.subject)) in self._doing:
            self._doing[key] = f"{event.subject}: {event.text[:_SAID]}"
        text = text_of(event)
        if text is not None and edge != "begin":
            self._console.print(escape(text))
        doing = list(self._doing.values())
        more = [f"and {len(doing) - _LIVE} more"] if len(doing) > _LIVE else []
        self._status.update(escape(" · ".join(doing[:_LIVE] + more)))

    def close(self) -> None:
        self._status.stop()


def renderer() -> Any:
    """``Live`` where standard error is a terminal, else ``Plain``."""
    return Live() if sys.stderr.isatty() else Plain()

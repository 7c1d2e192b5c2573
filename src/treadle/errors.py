"""The one root of every error that a user can meet.

An error names the user's file, line and key, what was expected, and what to do next. The faces print
``str(error)``; nobody prints a traceback for a mistake in a user's file.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """A place in a user's file. ``line`` and ``column`` count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}"
            if self.column:
                place += f":{self.column}"
        return place


class TreadleError(Exception):
    """Root of all errors. ``key`` is the path inside the document, such as ``resources.a.type``."""

    def __init__(self, message: str, *, source: Source | str | Path | None = None,
                 key: str = "", hint: str = "") -> None:
        self.message = message
        self.source = Source(str(source)) if isinstance(source, str | Path) else source
        self.key = key
        self.hint = hint
        super().__init__(message)

    def __str__(self) -> str:
        where = ": ".join(part for part in (str(self.source or ""), self.key) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text}\n  {self.hint}" if self.hint else text


class TemplateError(TreadleError):
    """A template, environment or roles file says something that it may not."""


class InputError(TreadleError):
    """An argument or a file given on the command line cannot be used."""


class HeatError(TreadleError):
    """A Heat service refused, could not make the stack, or cannot be reached."""


class PlanError(TreadleError):
    """Role data that cannot become a node plan."""


class GenerateError(TreadleError):
    """Configuration could not be generated (Puppet failed, an image is missing)."""


class HistoryError(TreadleError):
    """The stack's git repository refused or is damaged."""


class EngineError(TreadleError):
    """The container engine is absent, or refused."""


class HostError(TreadleError):
    """The machine does not let Treadle read or write its own files: the disk is full, read-only, or broken."""


class Unreachable(TreadleError):
    """A node does not answer over SSH, or does not let Treadle in."""


class StepFailed(TreadleError):
    """A step stopped on a node; nothing after it was begun."""


class LockHeld(TreadleError):
    """Somebody else changes this stack right now."""


#: Comparing a name takes some 20 microseconds.
_COMPARED = 5000


def nearest(name: str, known: Iterable[str]) -> str:
    """``" (did you mean X?)"`` for the closest known name, else the empty string."""
    among = [str(each) for each in itertools.islice(known, _COMPARED)]
    found = difflib.get_close_matches(str(name), among, n=1, cutoff=0.6)
    return f" (did you mean {found[0]}?)" if found else ""

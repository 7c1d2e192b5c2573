"""The audit: every command that changed something, put together from the journal's lines."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from treadle.errors import InputError
from treadle.rollout import journal

_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@dataclass
class Run:
    """One command: when (seconds since the epoch) and by whom it was begun, what, why, and how it ended."""

    when: float
    who: str
    process: str
    what: str
    why: str
    generation: str = ""
    ended: str = ""

    @property
    def outcome(self) -> str:
        """``done in N s``, ``failed: …``; without an end ``cut off`` where its process is certainly gone."""
        if self.ended:
            return self.ended
        host = self.who.rpartition("@")[2]
        if host != socket.gethostname():
            return f"under way, or cut off on {host}"
        pid, _, began = self.process.partition("/")
        return "under way" if pid.isdigit() and journal.began(int(pid)) == began else "cut off"


def runs(*paths: Path) -> list[Run]:
    """The commands of journals, in the order in which they were begun."""
    return sorted((run for path in paths for run in _runs(journal.read(path))), key=lambda run: run.when)


def _runs(entries: Iterable[dict[str, Any]]) -> list[Run]:
    found: list[Run] = []
    under_way: dict[tuple[str, str], list[Run]] = {}
    for entry in entries:
        who, process, data = str(entry.get("who", "")), str(entry.get("process", "")), entry.get("data") or {}
        mine = under_way.setdefault((who, process), [])
        kind, _, edge = str(entry.get("kind", "")).rpartition(".")
        if kind == "command" and edge == "begin":
            what = " ".join(filter(None, (entry.get("text", ""), data.get("words", ""))))
            mine.append(Run(entry.get("time", 0.0), who, process, what, data.get("message", "")))
            found.append(mine[-1])
        elif kind == "command" and mine:
            mine.pop().ended = (f"done in {data.get('seconds', 0.0):.1f} s" if edge == "end"
                                else f"failed: {data.get('error', '')}")
        elif mine and data.get("generation"):
            mine[-1].generation = data["generation"]
    return found


def since(text: str, now: float | None = None) -> float:
    """Seconds since the epoch of a date or time (local, ISO 8601) or of so long ago (``90m``, ``12h``, ``7d``, ``2w``).
    Raises InputError for anything else."""
    ago = re.fullmatch(r"(\d+)([mhdw])", text)
    if ago:
        return (time.time() if now is None else now) - int(ago[1]) * _SECONDS[ago[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise InputError(f"{text!r} is no time", key="--since",
                         hint="a date (2026-11-21), a time (2026-11-21T14:00), or so long ago: 90m, 12h, 7d") from None

"""The journal: one JSON line for each event that changed something, each with the hash of the line before.

An edited, removed or inserted line shows in the line after it. Whoever may write the file could write all of it anew:
that shows where the hash of some line is kept elsewhere (``journal_head``; generations keep one).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from treadle.events import Event
from treadle.files import append_private, last_line

#: What the first line has as the hash of the line before.
GENESIS = "0" * 64
#: Kinds of events that the journal keeps.
JOURNALED = ("action.", "batch.", "command.", "drain.", "generation", "hook.", "host_prep.", "lock.", "node.",
             "phase.", "propagate.kept", "reload.", "rollback", "step.", "tasks.", "update.")


def write(path: Path, event: Event, who: str) -> None:
    """Add ``event`` where it is of a kind that the journal keeps. The disk has a command's lines before it goes on.
    Raises HostError where the disk is full, read-only or broken."""
    if not event.kind.startswith(JOURNALED):
        return
    pid = os.getpid()
    entry = {"who": who, "process": f"{pid}/{began(pid)}", **msgspec.to_builtins(event)}
    append_private(path, lambda last: json.dumps({"previous": _hash(last), **entry}, sort_keys=True).encode(),
                   durable=event.kind.startswith("command."))


def began(pid: int) -> str:
    """What tells a process of this host from a later one with the same number (/proc/PID/stat); "" for none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def _hash(line: bytes) -> str:
    """SHA-256 of a line without its end."""
    return hashlib.sha256(line).hexdigest() if line else GENESIS


def journal_head(path: Path) -> str:
    """The hash of the last line, to be kept elsewhere: from then on no line up to it can go unseen. The disk has the
    lines then. GENESIS where there is no journal yet."""
    try:
        with path.open("rb") as file:
            os.fsync(file)
            return _hash(last_line(file.fileno())[0])
    except FileNotFoundError:
        return GENESIS


@dataclass(frozen=True)
class Verdict:
    """What verifying found. ``wrong`` is the first line (counted from 1) that does not continue the one before, 0
    where all do; ``cut`` are lines that a kill or a full disk cut off; ``lost`` are anchors whose line is gone."""

    lines: int
    wrong: int = 0
    cut: tuple[int, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        return not self.wrong and not self.lost


def verify(path: Path, anchors: Mapping[str, str]) -> Verdict:
    """Follow the chain. ``anchors`` are hashes of lines that were kept elsewhere: ``{what keeps it: hash}``."""
    before, seen, cut, wrong = b"", {GENESIS}, [], 0
    number = 0
    for number, line in enumerate(_lines(path), 1):
        entry = _parsed(line)
        if entry is None:
            cut.append(number)
        elif not wrong and entry.get("previous") != _hash(before):
            wrong = number
        before = line
        seen.add(_hash(line))
    return Verdict(number, wrong, tuple(cut), tuple(name for name, held in anchors.items() if held not in seen))


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The entries, the oldest first; without what was cut off."""
    return (entry for line in _lines(path) if (entry := _parsed(line)) is not None)


def _lines(path: Path) -> Iterable[bytes]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    return data.removesuffix(b"\n").split(b"\n") if data else []


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None

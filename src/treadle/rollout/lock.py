"""One change of a stack at a time: a lock file that says who, since when and why."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treadle.errors import LockHeld
from treadle.events import Events
from treadle.files import DRAFT, sweep, writing
from treadle.rollout.state import whoami


@dataclass(frozen=True)
class Holder:
    """Who holds a lock. ``began`` tells a process from a later one with the same number (/proc/PID/stat)."""

    who: str
    host: str
    pid: int
    began: str
    since: float
    why: str

    @property
    def gone(self) -> bool:
        """Certainly dead: a process of this host that is no more. Of another host nobody here can tell."""
        return self.host == socket.gethostname() and _began(self.pid) != self.began

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"{self.who} (process {self.pid} on {self.host}) since {since}: {self.why}"


def _began(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


@contextmanager
def held(path: Path, why: str, events: Events) -> Iterator[None]:
    """Hold the lock at ``path``. Raises LockHeld naming the holder; a dead holder's lock is taken over, and said so."""
    pid = os.getpid()
    mine = Holder(whoami(), socket.gethostname(), pid, _began(pid), time.time(), why)
    _take(path, mine, events)
    try:
        yield
    finally:
        if read(path) == mine:  # it may have been broken meanwhile, and be somebody else's
            path.unlink(missing_ok=True)


def _take(path: Path, mine: Holder, events: Events) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}{DRAFT}")
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # One taker at a time: of two that find the same dead holder, the second must not break the first one's lock.
        fcntl.flock(folder, fcntl.LOCK_EX)
        draft.unlink(missing_ok=True)  # a taker that was killed here left a second name of its lock
        with writing(draft):
            draft.write_text(json.dumps(vars(mine)))
        while True:
            try:
                os.link(draft, path)
                sweep(path.parent, deep=False)  # nobody else writes here any more
                return
            except FileExistsError:
                holder = read(path)
                if holder and not holder.gone:
                    raise LockHeld(f"the stack is being changed by {holder}", source=path,
                                   hint="wait for it; if it can no longer be running, remove that file") from None
                if path.exists():
                    events.emit("lock.broken", f"took over the lock of a dead process: {holder or 'unreadable'}")
                path.unlink(missing_ok=True)
    finally:
        draft.unlink(missing_ok=True)
        os.close(folder)


def read(path: Path) -> Holder | None:
    """The lock's holder, None where nobody holds it (or the file is no lock)."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        return Holder(**found)
    except (OSError, ValueError, TypeError):
        return None

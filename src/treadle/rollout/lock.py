"""One change of a stack at a time: a lock file that says who, since when and why. A process holds it, or a person."""

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

from treadle.errors import InputError, LockHeld
from treadle.events import Events
from treadle.files import DRAFT, sweep, writing
from treadle.rollout.journal import began
from treadle.rollout.state import whoami


@dataclass(frozen=True)
class Holder:
    """Who holds a lock. ``began`` tells a process from a later one with the same number (/proc/PID/stat); a lock by
    hand has the process 0."""

    who: str
    host: str
    pid: int
    began: str
    since: float
    why: str

    @property
    def by_hand(self) -> bool:
        """Held by a person, until it is given back: no process stands for it."""
        return self.pid == 0

    @property
    def gone(self) -> bool:
        """Certainly dead: a process of this host that is no more. Of another host nobody here can tell."""
        return not self.by_hand and self.host == socket.gethostname() and began(self.pid) != self.began

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        process = "" if self.by_hand else f" (process {self.pid} on {self.host})"
        return f"{self.who}{process} since {since}: {self.why or 'without a message'}"

    def refusal(self, path: Path) -> LockHeld:
        """What is said to who comes second."""
        if self.by_hand:
            return LockHeld(f"the stack is locked by {self}", source=path, hint="until: openstack overcloud unlock")
        return LockHeld(f"the stack is being changed by {self}", source=path,
                        hint="wait for it; if it can no longer be running: openstack overcloud unlock --force "
                             "--message WHY")


@contextmanager
def held(path: Path, why: str, events: Events) -> Iterator[None]:
    """Hold the lock at ``path``. Raises LockHeld naming the holder; a dead holder's lock is taken over, and said so."""
    pid = os.getpid()
    mine = Holder(whoami(), socket.gethostname(), pid, began(pid), time.time(), why)
    _take(path, mine, events)
    try:
        yield
    finally:
        if path.parent.exists():
            with _turn(path):
                if read(path) == mine:  # it may have been broken meanwhile, and be somebody else's
                    path.unlink(missing_ok=True)


def lock(path: Path, why: str, events: Events) -> Holder:
    """Take the lock by hand: until ``unlock`` nothing changes the stack. Raises LockHeld as ``held``."""
    mine = Holder(whoami(), socket.gethostname(), 0, "", time.time(), why)
    _take(path, mine, events)
    return mine


def unlock(path: Path, events: Events, *, force: bool = False) -> Holder | None:
    """Give back a lock that was taken by hand; gives who held it. Raises InputError for one of somebody else, or of a
    process that may be alive, unless ``force``."""
    if not path.exists():
        return None
    with _turn(path):
        holder = read(path)
        if holder is not None and not force:
            if holder.by_hand and holder.who != whoami():
                raise InputError(f"the stack is locked by {holder}", source=path,
                                 hint="ask them; or break it: openstack overcloud unlock --force --message WHY")
            if not holder.by_hand and not holder.gone:
                raise InputError(f"the stack is being changed by {holder}", source=path, hint="wait for it; if it can "
                                 "no longer be running: openstack overcloud unlock --force --message WHY")
        if holder is None or not holder.by_hand or holder.who != whoami():
            events.emit("lock.broken", f"broke the lock of {holder or 'nobody: the file was no lock'}")
        path.unlink(missing_ok=True)
        return holder


@contextmanager
def beside(path: Path) -> Iterator[None]:
    """For a short change that may be made beside a running command, but not while the stack is locked by hand. Raises
    LockHeld then. Nobody takes or gives back the lock meanwhile."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _turn(path):
        holder = read(path)
        if holder is not None and holder.by_hand:
            raise holder.refusal(path)
        yield


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """One at a time: of two that find the same dead holder, the second must not break the first one's lock."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _take(path: Path, mine: Holder, events: Events) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}{DRAFT}")
    with _turn(path):
        draft.unlink(missing_ok=True)  # a taker that was killed here left a second name of its lock
        try:
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
                        raise holder.refusal(path) from None
                    if path.exists():
                        events.emit("lock.broken", f"took over the lock of a dead process: {holder or 'unreadable'}")
                    path.unlink(missing_ok=True)
        finally:
            draft.unlink(missing_ok=True)


def read(path: Path) -> Holder | None:
    """The lock's holder, None where nobody holds it (or the file is no lock)."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        return Holder(**found)
    except (OSError, ValueError, TypeError):
        return None

"""The processes of a container as the node's kernel shows them (/proc, see proc(5))."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from treadle.plan.terms import signal_number

#: These only start the service and hand signals on to it.
_INITS = ("dumb-init", "tini", "docker-init")


@dataclass(frozen=True)
class Processes:
    """``proc`` is the node's /proc."""

    proc: Path = Path("/proc")

    def main(self, first: int) -> int:
        """The service's own process in the container whose first process is ``first``."""
        children = self._children(first) if self._name(first) in _INITS else []
        # The oldest: an init takes in what others leave behind.
        return min(children, key=lambda child: child[1])[0] if children else first

    def signal(self, first: int, container: str, name: str) -> bool:
        """Send the signal ``name`` ("SIGHUP") to the main process of the container with that id; False where the
        kernel knows no such process. Not through the engine: it takes a container that was sent any signal for one
        that somebody stopped, and does not start it again when it ends (Docker 20.10, daemon/kill.go)."""
        main = self.main(first)
        try:
            if container not in (self.proc / str(main) / "cgroup").read_text():
                return False  # the engine is another machine's, or the process has ended
            os.kill(main, signal_number(name))
        except OSError:
            return False
        return True

    def prepares(self, first: int) -> bool:
        """Whether Kolla's start script copies configuration still; the service takes its place when it has."""
        try:
            return b"kolla_start" in (self.proc / str(self.main(first)) / "cmdline").read_bytes()
        except OSError:  # it has ended: there is nothing to wait for
            return False

    def there(self, pid: int) -> bool:
        return (self.proc / str(pid)).exists()

    def sockets(self, first: int) -> frozenset[str]:
        """The sockets that are open in the process ``first`` and all that it began: what it listens on, and to whom
        it is connected. Empty where the kernel shows none (CONFIG_PROC_CHILDREN; another machine's process)."""
        found: set[str] = set()
        left = [first]
        while left:
            folder = self.proc / str(left.pop())
            try:
                found.update(self._sockets_of(folder / "fd"))
            except OSError:  # it has ended
                continue
            left.extend(self._told(int(folder.name)))
        return frozenset(found)

    def workers(self, first: int) -> frozenset[tuple[int, int]]:
        """The children of the main process, each with when it was started (clock ticks): numbers come again."""
        return frozenset(self._children(self.main(first)))

    @staticmethod
    def _sockets_of(folder: Path) -> Iterator[str]:
        for file in os.scandir(folder):
            with suppress(OSError):  # just closed
                if (link := str(Path(file.path).readlink())).startswith("socket:"):
                    yield link

    def _name(self, pid: int) -> str:
        try:
            return (self.proc / str(pid) / "comm").read_text().strip()
        except OSError:
            return ""

    def _told(self, pid: int) -> list[int]:
        """The children that the kernel lists with a process, which only some kernels do."""
        found: list[int] = []
        try:
            threads = list((self.proc / str(pid) / "task").iterdir())
        except OSError:  # it has ended
            return []
        for thread in threads:
            with suppress(OSError):  # the thread has ended
                found += map(int, (thread / "children").read_text().split())
        return found

    def _children(self, pid: int) -> list[tuple[int, int]]:
        listed = (self.proc / str(pid) / "task" / str(pid) / "children").exists()
        candidates = map(str, self._told(pid)) if listed else (path.name for path in self.proc.glob("[0-9]*"))
        found = []
        for name in candidates:
            try:
                fields = (self.proc / name / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append((int(name), int(fields[19])))
        return sorted(found)

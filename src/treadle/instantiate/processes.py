"""The processes of a container as the node's kernel shows them (/proc, see proc(5))."""

from __future__ import annotations

import os
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

    def workers(self, first: int) -> frozenset[tuple[int, int]]:
        """The children of the main process, each with when it was started (clock ticks): numbers come again."""
        return frozenset(self._children(self.main(first)))

    def _name(self, pid: int) -> str:
        try:
            return (self.proc / str(pid) / "comm").read_text().strip()
        except OSError:
            return ""

    def _children(self, pid: int) -> list[tuple[int, int]]:
        found = []
        for path in self.proc.glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append((int(path.parent.name), int(fields[19])))
        return sorted(found)

"""The processes of a container as the node's kernel shows them (/proc, see proc(5))."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: These only start the service and hand signals on to it.
_INITS = ("dumb-init", "tini", "docker-init")


@dataclass(frozen=True)
class Processes:
    """``proc`` is the node's /proc."""

    proc: Path = Path("/proc")

    def main(self, first: int) -> int:
        """The service's own process in the container whose first process is ``first``."""
        children = self._children(first) if self._name(first) in _INITS else []
        return children[0][0] if len(children) == 1 else first

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

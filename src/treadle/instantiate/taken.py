"""When each container of a node last took its configuration: by a start, or by a reload."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from treadle.engine import Observed
from treadle.files import read_document, write_private
from treadle.instantiate.desired import Desired


class Taken(msgspec.Struct, frozen=True):
    """``at`` (epoch seconds) the container with this ``id`` took its configuration."""

    id: str
    at: float


@dataclass(frozen=True)
class TakenRecord:
    """``/var/lib/treadle/STACK/node/taken.json``. A container that it does not know, or that was started by somebody
    else since, is looked up in the engine, but only where the answer matters."""

    path: Path
    entries: dict[str, Taken]
    _lock: threading.Lock = field(default_factory=threading.Lock, compare=False)

    @classmethod
    def read(cls, path: Path) -> TakenRecord:
        return cls(path, read_document(path, dict[str, Taken]) or {})

    def note(self, name: str, container: str, at: float) -> None:
        """Kept at once: a kill must not make what was reloaded look as if it had not been."""
        with self._lock:
            self.entries[name] = Taken(container, at)
            write_private(self.path, msgspec.json.encode(self.entries))

    def times(self, desired: Iterable[Desired], observed: Mapping[str, Observed],
              started: Callable[[Observed], float]) -> dict[str, float]:
        """``{name: when}`` of the containers that are there. ``started`` asks the engine: called for running ones
        alone whose configuration changed since the record says that they took it. 0: not known.

        Also where it changed back since: a start that is not recorded (of a run that was killed, or by hand) may have
        taken what was there between.
        """
        times: dict[str, float] = {}
        for item in desired:
            there = observed.get(item.name)
            if there is None:
                continue
            known = self.entries.get(item.name)
            at = known.at if known and known.id == there.id else 0.0
            times[item.name] = max(at, started(there)) if there.running and at <= item.since and item.sources else at
        return times

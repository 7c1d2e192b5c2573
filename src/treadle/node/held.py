"""Which generation a node holds as files, and which it runs."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from treadle.files import read_document, write_private


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    """``generations.json`` of a node's state. Times are seconds since the epoch; '' is none yet.

    ``generation`` is the one that was propagated last; where only some ``services`` of it were, all else is of
    ``base``. ``instantiated``: the one that the whole node was brought to last, with success.
    """

    generation: str = ""
    at: float = 0.0
    services: tuple[str, ...] = ()
    base: str = ""
    instantiated: str = ""
    instantiated_at: float = 0.0

    @classmethod
    def read(cls, path: Path) -> Held:
        return read_document(path, cls) or cls()

    @property
    def runs(self) -> str:
        """The generation that the whole node holds and runs; '' where it is between two."""
        return self.generation if self.generation == self.instantiated and not self.services else ""

    def propagated(self, generation: str, services: tuple[str, ...] = ()) -> Held:
        """The same after propagating ``generation``, or only ``services`` of it."""
        if not services or (not self.services and self.generation == generation):
            return msgspec.structs.replace(self, generation=generation, at=time.time(), services=(), base="")
        more = {*services, *(self.services if self.generation == generation else ())}
        base = self.base if self.services else self.generation
        return msgspec.structs.replace(self, generation=generation, at=time.time(), services=tuple(sorted(more)),
                                       base=base)

    def done(self) -> Held:
        """The same after the whole node was brought to what it holds."""
        return msgspec.structs.replace(self, instantiated="" if self.services else self.generation,
                                       instantiated_at=time.time())

    def write(self, path: Path) -> None:
        write_private(path, msgspec.json.encode(self))

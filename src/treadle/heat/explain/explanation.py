"""What an explanation is: a tree of steps, from a value back to the places that it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from treadle.errors import Source

MASKED = "***"


@dataclass(frozen=True, eq=False)
class Explanation:
    """One step back. ``place`` is where it stands (None for what no file says), ``children`` are what its value
    was made of, ``because`` what decided that this way was taken. One step may stand in several places of the
    tree. ``hidden`` marks a hidden parameter; ``secret`` a value that holds, or may hold, one's value."""

    value: Any
    what: str
    place: Source | None
    children: tuple[Explanation, ...] = ()
    because: tuple[Explanation, ...] = ()
    hidden: bool = False
    secret: bool = False

    def shown(self, *, below_hidden: bool = False) -> Any:
        """The value as it may be shown: masked where it is secret, maps and lists by their size."""
        if self.secret or below_hidden:
            return MASKED
        if isinstance(self.value, dict) and self.value:
            return f"a map of {len(self.value)}"
        if isinstance(self.value, list) and self.value:
            return f"a list of {len(self.value)}"
        return self.value

    def steps(self) -> Iterator[Explanation]:
        """This step and all below it, each once."""
        seen: set[int] = set()
        pending = [self]
        while pending:
            step = pending.pop()
            if id(step) not in seen:
                seen.add(id(step))
                yield step
                pending += [*reversed(step.children), *reversed(step.because)]

"""Values inside a native evaluation, and what the library would think of them.

Input lists and maps stay as they are: in the library they are tuples and frozen maps, which compare and hash by
content. What the library makes of another kind has a class of its own here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from treadle.heat.limits.runaway import LIMITS, in_order, plain_key

LIMIT = LIMITS["yaql.limitIterators"]
#: Below the sizes at which the library's quota begins to refuse, whatever Python's objects take: 4 bytes a character.
QUOTA = LIMITS["yaql.memoryQuota"] - 100_000
LONG = 100_000
MAX_BITS = 2000
#: Steps of one evaluation, of about 0.2 microseconds; the library would take seconds for as many.
STEPS = 400_000
#: Values of one result; those that were made, and so must be copied, count more.
VALUES = 1_000_000

SCALARS = frozenset((str, int, float, bool, type(None)))
#: For an argument that is not given, where null would be an error.
ABSENT = object()
_MAP = object()


class Leave(Exception):
    """Something unusual: let the library evaluate the whole expression."""


class Once:
    """An iterator: can be gone through once, and is always true."""

    __slots__ = ("items", "used")

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self.used = False


class Frozen(dict[Any, Any]):
    """A map that the expression made, with values of any kind."""


class RawMap(dict[Any, Any]):
    """A map that the library keeps mutable: it cannot be hashed."""


class Raw(list[Any]):
    """A list that the library keeps mutable: it is unlike any tuple and cannot be hashed."""


class Distinct(list[Any]):
    """A set. The library's order is arbitrary; here it is that of first appearance."""


class Keys(list[Any]):
    """A map's keys: like a set, though in order."""


class Items(list[Any]):
    """A map's pairs: like a set too."""


class Values(list[Any]):
    """A map's values: can be gone through again and again, and nothing else."""


class Ordered(list[Any]):
    """What was sorted: like Values, but true even when empty."""

    def __bool__(self) -> bool:
        return True


_MAPS = frozenset((dict, Frozen, RawMap))
_SEQUENCES = frozenset((list, tuple, Raw))
_ITERABLES = _SEQUENCES | {Distinct, Keys, Items, Values, Ordered}
SETS = frozenset((Distinct, Keys, Items))


def is_map(value: Any) -> bool:
    return type(value) in _MAPS


def is_sequence(value: Any) -> bool:
    return type(value) in _SEQUENCES


def iterable(value: Any) -> bool:
    return type(value) in _ITERABLES or type(value) is Once


class Budget:
    """What one evaluation may still cost, and everything that goes through values and so costs something."""

    __slots__ = ("left", "patterns")

    def __init__(self) -> None:
        self.left = STEPS
        self.patterns: dict[Any, re.Pattern[str]] = {}

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise Leave

    def sized(self, value: Any) -> Any:
        """``value``, unless it is so large that the library might refuse to hand it on."""
        kind = type(value)
        if kind is str:
            if len(value) > LONG:
                raise Leave
            self.spend(len(value) >> 6)
        elif kind in _SEQUENCES or kind is RawMap:
            if len(value) > LIMIT:
                raise Leave
        elif kind is int and value.bit_length() > MAX_BITS:
            raise Leave
        return value

    def take(self, value: Any) -> Any:
        """The elements of something iterable; an iterator is used up."""
        if type(value) is Once:
            if value.used:
                raise Leave
            value.used = True
            value = value.items
        elif type(value) not in _ITERABLES:
            raise Leave
        if len(value) > LIMIT:
            raise Leave
        self.spend(len(value))
        return value

    def together(self, values: Iterable[Any]) -> None:
        """Leave when values that stand together might be more than the library's quota."""
        total = 0
        for value in values:
            kind = type(value)
            if kind is str:
                total += 4 * len(value) + 100
            else:
                total += 100 + (12 * len(value) if kind in _ITERABLES else 120 * len(value) if kind in _MAPS else 0)
        self.spend(total >> 7)
        if total > QUOTA:
            raise Leave

    def freeze(self, value: Any) -> Any:
        """Something that equals and hashes as the value does in the library."""
        kind = type(value)
        if kind in SCALARS:
            return value
        if kind is list or kind is tuple:
            self.spend(2 * len(value) + 2)
            return tuple([self.freeze(item) for item in value])
        if kind is dict or kind is Frozen:
            self.spend(3 * len(value) + 3)
            return (_MAP, frozenset([(key, self.freeze(item)) for key, item in value.items()]))
        raise Leave

    def equal(self, left: Any, right: Any) -> bool:
        if type(left) in SCALARS or type(right) in SCALARS:
            return bool(left == right) if type(left) in SCALARS and type(right) in SCALARS else False
        if is_map(left) is not is_map(right):
            return False
        if is_map(left) and len(left) != len(right):
            return False
        return bool(self.freeze(left) == self.freeze(right))

    def contains(self, values: Any, wanted: Any) -> bool:
        """Whether one of ``values`` is ``wanted``; what is not a number equals itself, as in Python."""
        if type(wanted) in SCALARS:
            return any(type(item) in SCALARS and (item is wanted or item == wanted) for item in self.take(values))
        frozen = self.freeze(wanted)
        return any(self.freeze(item) == frozen for item in self.take(values))

    def unique(self, values: Iterable[Any]) -> list[Any]:
        values = list(values)
        self.spend(len(values))
        seen = set()
        kept = []
        for value in values:
            key = self.freeze(value)
            if key not in seen:
                seen.add(key)
                kept.append(value)
        return kept

    def result(self, value: Any) -> Any:
        """``value`` as plain lists and maps. What came in unchanged is given back as it is, not copied."""
        self.left = VALUES
        return self._plain(value)

    def _plain(self, value: Any) -> Any:
        kind = type(value)
        if kind in SCALARS:
            return value
        if (kind is list or kind is dict) and self._is_plain(value):
            return value
        if kind in _MAPS:
            self._fits(value, 4)
            return {plain_key(_scalar(key)): self._plain(item) for key, item in value.items()}
        if kind in SETS:
            self._fits(value, 4)
            return in_order([_scalar(item) for item in value])
        items = self.take(value)
        self._fits(items, 4)
        return [self._plain(item) for item in items]

    def _is_plain(self, value: Any) -> bool:
        """Whether input may be given out as it is; Leave when the library would not give it out at all."""
        self._fits(value, 1)
        if type(value) is dict:
            if any(type(key) is not str for key in value):
                return False
            value = value.values()
        for item in value:
            kind = type(item)
            if kind not in SCALARS and not ((kind is list or kind is dict) and self._is_plain(item)):
                return False
        return True

    def _fits(self, value: Any, steps: int) -> None:
        if len(value) > LIMIT:
            raise Leave
        self.spend(steps * (len(value) + 1))


def _scalar(value: Any) -> Any:
    if type(value) not in SCALARS:
        raise Leave
    return value

"""Regular expressions and strings. A pattern that may run away is left to the library, which has its limits."""

from __future__ import annotations

import re
from typing import Any

from treadle.heat.faults import Fault
from treadle.heat.limits.guard import compiled_pattern, cost
from treadle.heat.yaqlnative.values import ABSENT, LIMIT, Budget, Leave, Once, Raw

#: Steps of Python's re that take as long as one of ours; the bound says far more than are made.
_STEPS = 6
_COMPILING = 5


def want(value: Any) -> str:
    if type(value) is not str:
        raise Leave
    return value


def whole(value: Any) -> int:
    if type(value) is not int:
        raise Leave
    return value


def pattern_of(budget: Budget, text: Any, flags: int = 0) -> re.Pattern[str]:
    found = budget.patterns.get((want(text), flags))
    if found is None:
        budget.spend(len(text) << _COMPILING)
        try:
            found = budget.patterns[text, flags] = compiled_pattern(text, flags)
        except Fault:
            raise Leave from None
    return found


def regex(budget: Budget, pattern: Any, ignore_case: Any, multi_line: Any, dot_all: Any) -> re.Pattern[str]:
    flags = re.UNICODE | (re.IGNORECASE if ignore_case else 0) | (re.MULTILINE if multi_line else 0)
    return pattern_of(budget, pattern, flags | (re.DOTALL if dot_all else 0))


def _safe(budget: Budget, pattern: Any, text: Any) -> re.Pattern[str]:
    if type(pattern) is not re.Pattern:
        raise Leave
    bound = cost(pattern, len(want(text)))
    if bound > 30:
        raise Leave
    budget.spend((int(2**bound) >> _STEPS) + len(pattern.pattern))
    return pattern


def found(budget: Budget, pattern: Any, text: Any) -> bool:
    if type(pattern) is str:
        pattern = pattern_of(budget, pattern)
    return _safe(budget, pattern, text).search(text) is not None


def matches(budget: Budget, value: Any, other: Any) -> bool:
    if type(value) is re.Pattern:
        return found(budget, value, other)
    return found(budget, want(other), value)


def search(budget: Budget, pattern: Any, text: Any) -> str | None:
    match = _safe(budget, pattern, text).search(text)
    return None if match is None else match.group()


def search_all(budget: Budget, pattern: Any, text: Any) -> Once:
    return Once([match.group() for match in _safe(budget, pattern, text).finditer(text)])


def split(budget: Budget, value: Any, separator: Any, most: Any) -> Raw:
    """Of a string at strings, or of a string and a regular expression in either order."""
    if type(separator) is re.Pattern:
        value, separator = separator, value
    if type(value) is re.Pattern:
        _quadratic(budget, separator, value.groups)
        return Raw(_safe(budget, value, separator).split(separator, 0 if most is ABSENT else whole(most)))
    limit = -1 if most is ABSENT else whole(most)
    return _pieces(budget, want(value).split(None if separator is None else want(separator), limit))


def right_split(budget: Budget, value: Any, separator: Any, most: Any) -> Raw:
    return _pieces(budget, want(value).rsplit(None if separator is None else want(separator), whole(most)))


def _pieces(budget: Budget, parts: list[str]) -> Raw:
    budget.spend(len(parts))
    if len(parts) > LIMIT:
        raise Leave
    return Raw(parts)


def replace(budget: Budget, value: Any, old: Any, new: Any, count: Any) -> str:
    """In a string, of a string, or of a regular expression in either order with the string."""
    if type(old) is re.Pattern:
        value, old = old, value
    if type(value) is re.Pattern:
        times = 0 if count is ABSENT else whole(count)
        _quadratic(budget, old, len(want(new)))
        return str(_safe(budget, value, old).sub(new, old, times))
    budget.spend(want(value).count(want(old)) * len(want(new)) >> 6)
    return want(value).replace(old, new, -1 if count is ABSENT else whole(count))


def _quadratic(budget: Budget, text: Any, times: int) -> None:
    """Groups of a look-ahead may overlap: each of so many may give half the text at each place of it."""
    budget.spend(len(want(text)) ** 2 * times >> 6)

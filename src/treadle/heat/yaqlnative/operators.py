"""Operators: arithmetic, comparison, membership and regular expressions."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from treadle.heat.yaqlnative.regex import found
from treadle.heat.yaqlnative.values import (
    MAX_BITS,
    SCALARS,
    Budget,
    Distinct,
    Frozen,
    Leave,
    Once,
    is_map,
    iterable,
)

_NUMBERS = (int, float)
Operator = Callable[[Budget, Any, Any], Any]


def is_number(value: Any) -> bool:
    return type(value) in _NUMBERS


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Operator:
    def call(_budget: Budget, left: Any, right: Any) -> Any:
        if type(left) is int and type(right) is int and left.bit_length() + right.bit_length() > MAX_BITS:
            raise Leave
        if is_number(left) and is_number(right):
            return compute(left, right)
        raise Leave

    return call


def _divide(left: Any, right: Any) -> Any:
    return left // right if type(left) is int and type(right) is int else left / right


def plus(budget: Budget, left: Any, right: Any) -> Any:
    """Numbers add; strings, lists and maps are joined."""
    if type(left) is str and type(right) is str:
        budget.together((left, right))
        return left + right
    if is_number(left) and is_number(right):
        return left + right
    if is_map(left) and is_map(right):
        budget.spend(len(left) + len(right))
        return Frozen({**left, **right})
    if not iterable(left) or not iterable(right) or (type(left) is Distinct and type(right) is Distinct):
        raise Leave
    if type(left) in (list, tuple) and type(right) in (list, tuple):
        return (*budget.take(left), *budget.take(right))
    return Once([*budget.take(left), *budget.take(right)])


def _order(compare: Callable[[Any, Any], bool], compare_null: Callable[[Any, Any], bool]) -> Operator:
    """Numbers and strings among their like; null is less than everything else."""

    def call(_budget: Budget, left: Any, right: Any) -> bool:
        if (is_number(left) and is_number(right)) or (type(left) is str and type(right) is str):
            return compare(left, right)
        if type(left) in SCALARS and type(right) in SCALARS and (left is None or right is None):
            return compare_null(left is not None, right is not None)
        raise Leave

    return call


greater = _order(operator.gt, operator.gt)


def member(budget: Budget, wanted: Any, values: Any) -> bool:
    if type(values) is str and type(wanted) is str:
        return wanted in values
    return budget.contains(values, wanted)


def _unequal(budget: Budget, left: Any, right: Any) -> bool:
    return not budget.equal(left, right)


def _matches(budget: Budget, text: Any, pattern: Any) -> bool:
    return found(budget, pattern, text)


def _differs(budget: Budget, text: Any, pattern: Any) -> bool:
    return not found(budget, pattern, text)


BINARY: dict[str, Operator] = {
    "+": plus, "-": _arithmetic(operator.sub), "*": _arithmetic(operator.mul), "/": _arithmetic(_divide),
    "mod": _arithmetic(operator.mod), "=": Budget.equal, "!=": _unequal, "in": member,
    "<": _order(operator.lt, operator.lt), ">": greater, "<=": _order(operator.le, operator.le),
    ">=": _order(operator.ge, operator.ge), "=~": _matches, "!~": _differs,
}


def _signed(compute: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call(value: Any) -> Any:
        if not is_number(value):
            raise Leave
        return compute(value)

    return call


UNARY = {"minus": _signed(operator.neg), "plus": _signed(operator.pos)}

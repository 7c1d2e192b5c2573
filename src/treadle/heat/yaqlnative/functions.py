"""Functions that are called by name, such as coalesce, switch, dict and questions of type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from treadle.heat.yaqlnative.forms import Build, Env, Form, Run, form, positional, pure
from treadle.heat.yaqlnative.operators import greater, is_number
from treadle.heat.yaqlnative.parse import Tree, Unknown
from treadle.heat.yaqlnative.regex import regex, want, whole
from treadle.heat.yaqlnative.values import (
    LIMIT,
    SCALARS,
    SETS,
    Budget,
    Distinct,
    Frozen,
    Leave,
    Once,
    is_map,
    is_sequence,
    iterable,
)


def text(value: Any) -> str:
    """The function ``str``, for what has one form."""
    if value is None:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) in SCALARS:
        return str(value)
    raise Leave


def _coalesce(arguments: tuple[Tree, ...], build: Build) -> Run:
    items = positional(arguments, build)

    def run(env: Env) -> Any:
        for item in items:
            value = item(env)
            if value is not None:
                return value
        return None

    return run


def _switch(arguments: tuple[Tree, ...], build: Build) -> Run:
    if any(item[0] != "pair" for item in arguments):
        raise Unknown
    cases = [(build(item[1]), build(item[2])) for item in arguments]

    def run(env: Env) -> Any:
        for condition, value in cases:
            if condition(env):
                return value(env)
        return None

    return run


def _dict(arguments: tuple[Tree, ...], build: Build) -> Run:
    """From a list of pairs; ``dict(a => 1)`` is the same as ``{a => 1}``."""
    if len(arguments) != 1 or arguments[0][0] == "pair":
        return build(("map", arguments))
    only = build(arguments[0])
    return lambda env: as_map(env.budget, only(env))


def as_map(budget: Budget, pairs: Any) -> Frozen:
    made = Frozen()
    for pair in budget.take(pairs):
        if not is_sequence(pair) or type(pair[0]) not in SCALARS:
            raise Leave
        made[pair[0]] = pair[1]
    return made


def flat(budget: Budget, values: Any) -> Iterator[Any]:
    """The arguments of ``list`` and ``set``: only iterators are gone through."""
    for value in values:
        if type(value) is Once:
            yield from flat(budget, budget.take(value))
        else:
            yield value


def _list(budget: Budget, *values: Any) -> tuple[Any, ...]:
    return tuple(flat(budget, values))


def distinct(budget: Budget, values: Any) -> Distinct:
    found = list(values)
    if len(found) > LIMIT:
        raise Leave
    return Distinct(budget.unique(found))


def _set(budget: Budget, *values: Any) -> Distinct:
    return distinct(budget, flat(budget, values))


def _concat(budget: Budget, *values: Any) -> str:
    if not values:
        raise Leave
    texts = [want(value) for value in values]
    budget.together(texts)
    return "".join(texts)


def _range(budget: Budget, *bounds: Any) -> Once:
    numbers = range(*[whole(bound) for bound in bounds])
    if len(numbers) > LIMIT:
        raise Leave
    budget.spend(len(numbers))
    return Once(list(numbers))


def _int(value: Any) -> int:
    return 0 if value is None else int(_simple(value))


def _float(value: Any) -> float:
    return 0.0 if value is None else float(_simple(value))


def _simple(value: Any) -> Any:
    if type(value) not in SCALARS or (type(value) is str and len(value) > 100):
        raise Leave
    return value


def _abs(value: Any) -> Any:
    if not is_number(value):
        raise Leave
    return abs(value)


def largest(budget: Budget, first: Any, second: Any) -> Any:
    return second if greater(budget, second, first) else first


def least(budget: Budget, first: Any, second: Any) -> Any:
    return first if greater(budget, second, first) else second


def _asks(question: Callable[[Any], bool]) -> Form:
    return pure(question, "arg")


#: Functions that look at an argument only when they need it.
MAKERS: dict[str, Callable[[tuple[Tree, ...], Build], Run]] = {
    "coalesce": _coalesce, "switch": _switch, "dict": _dict,
}

FUNCTIONS: dict[str, Form] = {
    "list": form(_list, rest=True),
    "set": form(_set, rest=True),
    "concat": form(_concat, rest=True),
    "str": pure(text, "value"),
    "int": pure(_int, "value"),
    "float": pure(_float, "value"),
    "abs": pure(_abs, "op"),
    "bool": pure(bool, "value"),
    "max": form(largest, "a b"),
    "min": form(least, "a b"),
    "range": form(_range, rest=True),
    "regex": form(regex, "pattern ignoreCase multiLine dotAll", False, False, False),
    "isDict": _asks(is_map),
    "isList": _asks(is_sequence),
    "isSet": _asks(lambda value: type(value) in SETS),
    "isIterable": _asks(iterable),
    "isString": _asks(lambda value: type(value) is str),
    "isBoolean": _asks(lambda value: type(value) is bool),
    "isInteger": _asks(lambda value: type(value) is int),
    "isNumber": _asks(is_number),
    "isRegex": pure(lambda value: type(value) is re.Pattern, "value"),
}

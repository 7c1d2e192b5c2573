"""yaql, through the yaql library with the limits that TripleO sets."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from treadle.heat.faults import Fault, brief
from treadle.heat.functions.arguments import fields, want_string
from treadle.heat.nodes import Node
from treadle.heat.scope import Scope

LIMITS = {"yaql.limitIterators": 9000, "yaql.memoryQuota": 900000}

Query = Callable[[Any], Any]


@functools.cache
def _engine() -> tuple[Any, Any]:
    import yaql

    return yaql.YaqlFactory().create(LIMITS), yaql.create_context()


@functools.lru_cache(maxsize=4096)
def compiled(expression: str) -> Query:
    """``expression`` as a function of ``{"data": ...}``. Native forms of common expressions belong here."""
    from yaql.language.exceptions import YaqlException

    engine, context = _engine()
    try:
        statement = engine(expression)
    except YaqlException as error:
        raise Fault(f"the expression is not valid: {error}", path=("expression",)) from error

    def run(data: Any) -> Any:
        return statement.evaluate({"data": data}, context.create_child_context())

    return run


def _plain(value: Any) -> Any:
    """yaql gives tuples, sets, iterators and frozen maps: as lists and maps."""
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else _plain_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    return str(value)


def _plain_key(key: Any) -> str:
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    return str(key)


def yaql(scope: Scope, args: Node) -> Any:
    shape = "yaql: {expression: $.data.x, data: {x: value}}"
    parts = fields(args, shape, ("expression",), ("data",))
    expression = want_string(parts["expression"].value(scope), "the expression")
    data = parts["data"].value(scope) if "data" in parts else {}
    query = compiled(expression)
    try:
        return _plain(query(data))
    except Fault:
        raise
    except Exception as error:  # the library raises whatever the expression runs into
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise Fault(f"{brief(expression, 200)} fails: {said}", path=("expression",)) from error

"""yaql: natively where that is known to give what the yaql library gives, else by the library, aside."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from treadle.heat.faults import Fault, brief
from treadle.heat.functions.arguments import fields, want_string
from treadle.heat.limits.budget import check_size
from treadle.heat.limits.guard import aside, spent
from treadle.heat.nodes import Node
from treadle.heat.scope import Scope
from treadle.heat.yaqlnative import native

Query = Callable[[Any], Any]


@functools.lru_cache(maxsize=4096)
def compiled(expression: str) -> Query:
    """``expression`` as a function of its data that gives plain lists and maps. The function raises Fault."""
    fast = native(expression)
    slow = functools.partial(library, expression)
    if fast is None:
        return slow

    def run(data: Any) -> Any:
        try:
            return fast(data)
        except Exception:  # not an error yet: the library gives the value, or the error in its words
            return slow(data)

    return run


def library(expression: str, data: Any) -> Any:
    """What the yaql library makes of ``expression``, within the limits that TripleO sets and those of ``guard``."""
    check_size(data)
    kind, found = aside("yaql", expression, data)
    if kind == "value":
        return found
    if kind == "invalid":
        raise Fault(f"the expression is not valid: {found}", path=("expression",))
    if kind == "error":
        raise Fault(f"{brief(expression, 200)} fails: {found}", path=("expression",))
    raise Fault(f"{brief(expression, 200)} takes {spent(kind, found)}", "ask for less, or give it less data",
                ("expression",))


def yaql(scope: Scope, args: Node) -> Any:
    shape = "yaql: {expression: $.data.x, data: {x: value}}"
    parts = fields(args, shape, ("expression",), ("data",))
    expression = want_string(parts["expression"].value(scope), "the expression")
    return compiled(expression)(parts["data"].value(scope) if "data" in parts else {})

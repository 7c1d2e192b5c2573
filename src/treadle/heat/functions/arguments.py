"""How functions look at their arguments before they are evaluated."""

from __future__ import annotations

import json
from typing import Any

from treadle.heat.faults import Fault, brief, kind
from treadle.heat.limits.budget import MAX_JSON_VALUES, SMALL, check_size
from treadle.heat.nodes import Const, ListNode, MapNode, Node
from treadle.heat.scope import Scope


def items(args: Node, shape: str) -> list[Node]:
    """The elements of a list that is written out; ``shape`` shows the right form in the error."""
    if isinstance(args, ListNode):
        return args.items
    if isinstance(args, Const) and isinstance(args.data, list):
        return [Const(item, (*args.path, index)) for index, item in enumerate(args.data)]
    raise Fault("needs a list of arguments", f"write it as: {shape}")


def fields(args: Node, shape: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Node]:
    """The entries of a map that is written out, with exactly these keys."""
    if isinstance(args, MapNode):
        found = dict(args.items)
    elif isinstance(args, Const) and isinstance(args.data, dict):
        found = {key: Const(item, (*args.path, key)) for key, item in args.data.items()}
    else:
        raise Fault("needs a map of arguments", f"write it as: {shape}")
    for key in required:
        if key not in found:
            raise Fault(f"the argument {key} is missing", f"write it as: {shape}")
    for key in found:
        if optional is not ANY and key not in required + optional:
            raise Fault(f"does not know the argument {key}", f"write it as: {shape}", (key,))
    return found


ANY: tuple[str, ...] = ("*",)


def produce(scope: Scope, size: int) -> None:
    """Fault when the evaluation has no room for ``size`` more characters, or eighths of elements."""
    if size > SMALL:
        scope.budget.produce(size)


def dump(value: Any) -> str:
    """A map or a list as the JSON that Heat puts into strings: keys sorted."""
    check_size(value, MAX_JSON_VALUES)
    try:
        return json.dumps(value, sort_keys=True)
    except TypeError as error:
        raise Fault(f"{brief(value)} has no form in JSON: {error}") from error


def want_string(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise Fault(f"{what} must be a string, not {kind(value)}: {brief(value)}")
    return value


def want_list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise Fault(f"{what} must be a list, not {kind(value)}: {brief(value)}")
    return list(value)


def want_map(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Fault(f"{what} must be a map, not {kind(value)}: {brief(value)}")
    return value

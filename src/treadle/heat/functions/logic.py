"""equals, contains, and, or, not: functions of conditions (contains also of values)."""

from __future__ import annotations

from typing import Any

from treadle.heat.faults import Fault, kind
from treadle.heat.functions.arguments import items
from treadle.heat.nodes import Call, Node
from treadle.heat.scope import Scope


def equals(scope: Scope, args: Node) -> bool:
    parts = items(args, "equals: [value, value]")
    if len(parts) != 2:
        raise Fault("compares two values", "write it as: equals: [value, value]")
    return bool(parts[0].value(scope) == parts[1].value(scope))


def contains(scope: Scope, args: Node) -> bool:
    parts = items(args, "contains: [value, [element, ...]]")
    if len(parts) != 2:
        raise Fault("needs a value and a list", "write it as: contains: [value, [element, ...]]")
    wanted, sequence = parts[0].value(scope), parts[1].value(scope)
    if not isinstance(sequence, list | str):
        raise Fault(f"looks into a list, not {kind(sequence)}", path=(1,))
    if isinstance(sequence, str) and not isinstance(wanted, str):
        raise Fault(f"a string holds only strings, not {kind(wanted)}", path=(0,))
    return wanted in sequence


def check_shape(call: Call) -> None:
    """Fault when a condition's function has the wrong arguments; Heat looks even at conditions of no use."""
    if call.name in ("equals", "contains") and len(items(call.args, f"{call.name}: [value, value]")) != 2:
        raise Fault("needs two arguments", path=call.path)
    if call.name in ("and", "or"):
        _operands(call.args, call.name)


def _operands(args: Node, name: str) -> list[Node]:
    parts = items(args, f"{name}: [condition, condition, ...]")
    if len(parts) < 2:
        raise Fault("needs at least two conditions", f"write it as: {name}: [condition, condition]")
    return parts


def and_(scope: Scope, args: Node) -> bool:
    # Every operand is evaluated before the first is judged, as Heat does.
    found = [part.value(scope) for part in _operands(args, "and")]
    return all(scope.truth(value) for value in found)


def or_(scope: Scope, args: Node) -> bool:
    found = [part.value(scope) for part in _operands(args, "or")]
    return any(scope.truth(value) for value in found)


def not_(scope: Scope, args: Node) -> Any:
    value = args.value(scope)
    if value is None:
        raise Fault("needs a condition", "write it as: not: condition")
    return not scope.truth(value)

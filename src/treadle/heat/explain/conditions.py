"""What decided a condition: its name, its value, and the parameters that it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from treadle.heat.explain.explanation import Explanation
from treadle.heat.nodes import Call, Const, Node, walk
from treadle.heat.stack import Stack

if TYPE_CHECKING:
    from treadle.heat.explain.tracing import Tracer

_OF_CONDITIONS = ("and", "or", "not")


def condition(tracer: Tracer, node: Node, stack: Stack) -> Explanation:
    """The condition that ``node`` names or writes out; its children are the parameters that it depends on."""
    given = tracer.value(node, stack)
    value = stack.truth(given)
    place = tracer.place(stack, node.path)
    what = "a condition"
    if isinstance(given, str):
        what, place = given, tracer.place(stack, ("conditions", given))
    elif isinstance(node, Const):
        what = "a constant condition"
    found: dict[int, Explanation] = {}
    for call in _asked(node, stack, set()):
        step = tracer.trace(call, stack, ())
        found[id(step)] = step
    return tracer.step(value, what, place, tuple(found.values()))


def _asked(node: Node, stack: Stack, seen: set[str]) -> Iterator[Node]:
    """Every ``get_param`` that the condition evaluates, also in conditions that it names."""
    yield from (part for part in walk(node) if isinstance(part, Call) and part.name == "get_param")
    for name in named(node):
        if name in stack.template.conditions and name not in seen:
            seen.add(name)
            yield from _asked(stack.template.conditions[name], stack, seen)


def named(node: Node) -> Iterator[str]:
    """Names of conditions that ``node``, itself a condition, refers to."""
    if isinstance(node, Const):
        yield from (name for name in _listed(node.data) if isinstance(name, str))
    elif isinstance(node, Call) and node.name in _OF_CONDITIONS:
        for operand in node.args.parts() if not isinstance(node.args, Const | Call) else (node.args,):
            yield from named(operand)


def _listed(data: Any) -> list[Any]:
    return data if isinstance(data, list) else [data]

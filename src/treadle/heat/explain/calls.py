"""Functions: what they refer to, what they hand on, what they compute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from treadle.errors import Source
from treadle.heat.explain import repeats
from treadle.heat.explain.attributes import all_attributes, attribute, facade
from treadle.heat.explain.copies import COPYING, Copies, copies
from treadle.heat.explain.explanation import Explanation
from treadle.heat.explain.given import source
from treadle.heat.explain.paths import at, path_text, shown_path
from treadle.heat.files import KeyPath, absolute, key_text
from treadle.heat.functions.arguments import ANY, fields, items
from treadle.heat.nodes import Call, If, MapNode, Node
from treadle.heat.parameters import PSEUDO
from treadle.heat.stack import Stack

if TYPE_CHECKING:
    from treadle.heat.explain.tracing import Tracer

_BY_ARGUMENT = ("map_merge", "list_concat", "list_concat_unique")


def trace(tracer: Tracer, call: Call, stack: Stack, path: KeyPath) -> Explanation:
    special = _SPECIAL.get(call.name)
    if special is not None:
        return special(tracer, call, stack, path)
    value = at(tracer.value(call, stack), path)
    place = tracer.place(stack, call.path)
    if isinstance(value, dict | list) and value and not path:
        return tracer.step(value, f"put together by {call.name}", place)
    if call.name in COPYING:
        origin = _copies(tracer, call, stack).origin(path)
        if origin is not None:
            child = tracer.trace(call.args, stack, origin)
            return tracer.step(value, f"{call.name}, {_argument(call, origin)}", place, (child,))
        if call.name == "repeat" and path:
            return repeats.trace(tracer, call, stack, path)
    children = [tracer.trace(node, stack, ()) for node in _inputs(tracer, call, stack)]
    unique = tuple({id(child): child for child in children}.values())
    return tracer.step(value, f"computed by {call.name}", place, unique)


def _copies(tracer: Tracer, call: Call, stack: Stack) -> Copies:
    return tracer.once(("copies", id(call), id(stack)),
                       lambda: copies(call, stack, tracer.value(call.args, stack), tracer.value(call, stack)))


def _argument(call: Call, origin: KeyPath) -> str:
    if call.name in _BY_ARGUMENT and origin:
        return f"argument {int(origin[0]) + 1}"
    return f"from {key_text(origin)}" if origin else "its argument"


def dynamic(node: Node) -> Iterator[Node]:
    """The outermost functions in ``node``."""
    if isinstance(node, Call | If):
        yield node
    else:
        for part in node.parts():
            yield from dynamic(part)


def _inputs(tracer: Tracer, call: Call, stack: Stack) -> Iterator[Node]:
    """What a computed value depends on; of ``str_replace`` only what its text asks for."""
    if not call.name.startswith("str_replace") or not isinstance(call.args, MapNode):
        yield from dynamic(call.args)
        return
    parts = fields(call.args, "", ("template", "params"), ANY)
    yield from dynamic(parts["template"])
    text, params = tracer.value(parts["template"], stack), parts["params"]
    if isinstance(params, MapNode):
        for word, node in params.items.items():
            if word in text:
                yield from dynamic(node)
    else:
        yield from dynamic(params)


def _get_param(tracer: Tracer, call: Call, stack: Stack, path: KeyPath) -> Explanation:
    called = tracer.value(call.args, stack)
    name, *rest = called if isinstance(called, list) else [called]
    place = tracer.place(stack, call.path)
    value = at(tracer.value(call, stack), path)
    because = tuple(tracer.trace(node, stack, ()) for node in dynamic(call.args))
    if name in PSEUDO:
        return tracer.step(value, f"parameter {name}, which every stack has", place)
    whole = stack.parameter(name)
    inner = _walked(whole, rest)
    hidden = stack.template.parameters[name].hidden
    if inner is None:
        return tracer.step(value, f"parameter {name}, which has no {shown_path(rest)}: the empty string", place,
                           because=because, hidden=hidden)
    told, at_end = inner
    what = f"parameter {path_text((name, *told))}" + (f", character {rest[-1]}" if at_end else "")
    child = source(tracer, stack, name, (*told, *path))
    return tracer.step(value, what, place, (child,), because, hidden=hidden)


def _walked(value: Any, rest: list[Any]) -> tuple[KeyPath, bool] | None:
    """The path that ``get_param`` takes into a parameter, and whether it ends at one character of a string."""
    told: list[str | int] = []
    for part in rest:
        if isinstance(value, dict) and part in value:
            told.append(part)
        elif isinstance(value, list | str) and not isinstance(part, dict | list):
            try:
                index = range(len(value))[int(part)]
            except (ValueError, IndexError, TypeError):
                return None
            if isinstance(value, str):
                return tuple(told), True
            told.append(index)
        else:
            return None
        value = value[told[-1]]
    return tuple(told), False


def _get_attr(tracer: Tracer, call: Call, stack: Stack, path: KeyPath) -> Explanation:
    parts = items(call.args, "get_attr: [resource, attribute]")
    name, *rest = [tracer.value(part, stack) for part in parts]
    value = at(tracer.value(call, stack), path)
    place = tracer.place(stack, call.path)
    because = tuple(tracer.trace(node, stack, ()) for node in dynamic(call.args))
    resource = stack.resource(name)
    if not rest:
        return tracer.step(value, f"attributes of the resource {name}", place,
                           all_attributes(tracer, resource, path), because)
    attr, *inner = rest
    extra = tuple(inner)
    if stack.template.version.date == "2013-05-23":
        extra, path = (), (*inner, *path)
    told, children, more = attribute(tracer, resource, attr, extra, path)
    return tracer.step(value, told, place, children, (*because, *more))


def _get_resource(tracer: Tracer, call: Call, stack: Stack, path: KeyPath) -> Explanation:  # noqa: ARG001
    name = tracer.value(call.args, stack)
    because = tuple(tracer.trace(node, stack, ()) for node in dynamic(call.args))
    definition = stack.template.resources[name]
    declared = tracer.step(None, f"the resource {name} ({definition.type})", tracer.place(stack, definition.path))
    return tracer.step(tracer.value(call, stack), f"reference of the resource {name}",
                       tracer.place(stack, call.path), because=(declared, *because))


def _ref(tracer: Tracer, call: Call, stack: Stack, path: KeyPath) -> Explanation:
    name = tracer.value(call.args, stack)
    known = name in PSEUDO or name in stack.template.parameters
    return (_get_param if known else _get_resource)(tracer, call, stack, path)


def _get_file(tracer: Tracer, call: Call, stack: Stack, path: KeyPath) -> Explanation:  # noqa: ARG001
    name = tracer.value(call.args, stack)
    file = absolute(name, stack.directory)
    value = tracer.value(call, stack)
    what = "the file" if value == tracer.files.text(file) else "the file, a template, as JSON with absolute paths"
    read = tracer.step(value, what, Source(file, 1, 1))
    return tracer.step(value, f"get_file {name}", tracer.place(stack, call.path), (read,))


def _facade(tracer: Tracer, call: Call, stack: Stack, path: KeyPath) -> Explanation:
    wanted = tracer.value(call.args, stack)
    value = at(tracer.value(call, stack), path)
    return tracer.step(value, f"{wanted} of the resource that this template stands behind",
                       tracer.place(stack, call.path), facade(tracer, stack, wanted, path))


_SPECIAL = {"get_param": _get_param, "get_attr": _get_attr, "get_resource": _get_resource, "Ref": _ref,
            "get_file": _get_file, "resource_facade": _facade, "Fn::ResourceFacade": _facade}

"""get_param, get_attr, get_resource, get_file, resource_facade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from treadle.heat.faults import Fault, brief
from treadle.heat.functions.arguments import items, want_string
from treadle.heat.nodes import Const, Node
from treadle.heat.scope import Scope

FACADE = ("metadata", "deletion_policy", "update_policy")


def get_param(scope: Scope, args: Node) -> Any:
    """A parameter's value; a path that leads nowhere gives the empty string."""
    called = args.value(scope)
    if type(called) is str and called:
        return scope.parameter(called)
    if not called or not isinstance(called, list):
        raise Fault(f"needs a parameter's name or a list that begins with one, not {brief(called)}")
    value = scope.parameter(want_string(called[0], "the parameter's name"))
    for part in called[1:]:
        value = _param_step(value, part)
        if value is _NOWHERE:
            return ""
    return value


_NOWHERE = object()


def _param_step(value: Any, part: Any) -> Any:
    if isinstance(value, dict):
        return value.get(part, _NOWHERE) if isinstance(part, str | int) else _NOWHERE
    if isinstance(value, list | str) and isinstance(part, str | int):
        try:
            return value[int(part)]
        except (ValueError, IndexError):
            return _NOWHERE
    return _NOWHERE


def select(value: Any, path: Sequence[Any]) -> Any:
    """Walk ``path`` into an attribute's value; whatever is not there gives null."""
    for part in path:
        if isinstance(value, dict) and isinstance(part, str | int):
            value = value.get(part)
        elif isinstance(value, list | str) and isinstance(part, int):
            try:
                value = value[part]
            except IndexError:
                return None
        else:
            return None
    return value


_ATTR = "get_attr: [resource, attribute, path, ...]"


def _target(scope: Scope, parts: list[Node]) -> tuple[Any, str, list[Any]]:
    resource = scope.resource(want_string(parts[0].value(scope), "the resource's name"))
    name = want_string(parts[1].value(scope), "the attribute's name")
    return resource, name, [part.value(scope) for part in parts[2:]]


def get_attr(scope: Scope, args: Node) -> Any:
    """Since 2014-10-16: the resource itself walks the path (a group does so in each member)."""
    parts = items(args, _ATTR)
    if len(parts) < 2:
        raise Fault("needs a resource and an attribute", f"write it as: {_ATTR}")
    resource, name, path = _target(scope, parts)
    return resource.attribute(name, path)


def get_attr_or_all(scope: Scope, args: Node) -> Any:
    """Since 2015-10-15: with a resource's name alone (or null after it), a map of all its attributes."""
    parts = items(args, "get_attr: [resource] or " + _ATTR.removeprefix("get_attr: "))
    if len(parts) == 1 or (len(parts) > 1 and parts[1].value(scope) is None):
        return scope.resource(want_string(parts[0].value(scope), "the resource's name")).all_attributes()
    return get_attr(scope, args)


def get_attr_then_select(scope: Scope, args: Node) -> Any:
    """Of 2013-05-23: the path is walked in what the resource gives."""
    parts = items(args, _ATTR)
    if len(parts) < 2:
        raise Fault("needs a resource and an attribute", f"write it as: {_ATTR}")
    resource, name, path = _target(scope, parts)
    return select(resource.attribute(name, []), path)


def get_resource(scope: Scope, args: Node) -> str:
    return scope.resource(want_string(args.value(scope), "the resource's name")).reference()


def get_file(scope: Scope, args: Node) -> str:
    if not isinstance(args, Const):
        raise Fault("the file's name must be written out: Heat's client has to find it before anything is evaluated")
    return scope.file_text(want_string(args.data, "the file's name"))


def resource_facade(scope: Scope, args: Node) -> Any:
    wanted = args.value(scope)
    if wanted not in FACADE:
        raise Fault(f"{brief(wanted)} is not one of {', '.join(FACADE)}")
    if scope.parent is None:
        raise Fault("this template is not used as a resource, so there is no facade")
    return scope.parent.facade(wanted)


def removed(name: str, since: str) -> Any:
    """A function that this version of the language no longer has."""

    def call(scope: Scope, args: Node) -> Any:  # noqa: ARG001
        raise Fault(f"{name} is not a function of this heat_template_version",
                    f"it was removed in {since}; set an earlier version or use another function")

    return call

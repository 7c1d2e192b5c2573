"""The CloudFormation functions that heat_template_version 2013-05-23 still has."""

from __future__ import annotations

import json
from typing import Any

from treadle.heat.faults import Fault, kind
from treadle.heat.functions.arguments import want_list, want_map, want_string
from treadle.heat.functions.strings import _joined, _replace
from treadle.heat.nodes import Node
from treadle.heat.scope import Scope


def _list(scope: Scope, args: Node, length: int, shape: str) -> list[Any]:
    called = args.value(scope)
    if not isinstance(called, list) or len(called) != length:
        raise Fault(f"needs {length} arguments", f"write it as: {shape}")
    return called


def ref(scope: Scope, args: Node) -> Any:
    name = want_string(args.value(scope), "the name")
    try:
        return scope.parameter(name)
    except Fault:
        return scope.resource(name).reference()


def select(scope: Scope, args: Node) -> Any:
    """An element of a list or a map; the empty string when it is not there."""
    index, source = _list(scope, args, 2, "Fn::Select: [index, list]")
    if isinstance(source, str):
        try:
            source = json.loads(source)
        except ValueError as error:
            raise Fault("a string that is selected from must be JSON") from error
    if isinstance(source, dict):
        return source.get(want_string(index, "the key"), "")
    if source is None:
        return ""
    found = want_list(source, "what is selected from")
    try:
        at = int(index)
    except (TypeError, ValueError) as error:
        raise Fault(f"the index must be a number, not {kind(index)}") from error
    return found[at] if -len(found) <= at < len(found) and found[at] is not None else ""


def join(scope: Scope, args: Node) -> str:
    delimiter, words = _list(scope, args, 2, "Fn::Join: [delimiter, [string, ...]]")
    return _joined(scope, delimiter, [words], as_json=False)


def split(scope: Scope, args: Node) -> list[str]:
    delimiter, text = _list(scope, args, 2, "Fn::Split: [delimiter, string]")
    return want_string(text, "what is split").split(want_string(delimiter, "the delimiter"))


def replace(scope: Scope, args: Node) -> str:
    params, text = _list(scope, args, 2, "Fn::Replace: [{word: value}, text]")
    return _replace(scope, text, want_map(params, "the first argument"), as_json=False)


def base64(scope: Scope, args: Node) -> str:
    """Named for what CloudFormation does; Heat gives the text as it is."""
    return want_string(args.value(scope), "the argument")


def member_list_to_map(scope: Scope, args: Node) -> dict[str, str]:
    key, value, members = _list(scope, args, 3, "Fn::MemberListToMap: [Name, Value, [.member.0.Name=x]]")
    parts: dict[str, dict[str, str]] = {}
    for member in want_list(members, "the members"):
        name, equals, content = want_string(member, "a member").partition("=")
        words = name.split(".")
        if not equals or len(words) < 4 or words[1] != "member":
            raise Fault(f"{member} is not of the form .member.0.Name=x")
        parts.setdefault(words[2], {})[words[3]] = content
    return {part[key]: part[value] for part in parts.values() if key in part and value in part}

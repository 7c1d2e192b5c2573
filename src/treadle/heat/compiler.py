"""Snippets to nodes: which single-entry maps are functions depends on the version, and on where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from treadle.heat.faults import Fault
from treadle.heat.files import KeyPath
from treadle.heat.nodes import Call, Const, Function, If, ListNode, MapNode, Node
from treadle.heat.scope import Scope
from treadle.heat.versions import Version


class Compiler:
    """Turns the snippets of one version's templates into nodes."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._values: dict[str, Function] = {**version.removed, **version.functions}
        self._conditions: dict[str, Function] = {}
        if version.conditions is not None:
            refused = {name: _not_in_conditions(name) for name in (*self._values, "if")}
            self._conditions = {**refused, **version.removed, **version.conditions}

    def value(self, snippet: Any, path: KeyPath) -> Node:
        return self._compile(snippet, path, self._values)

    def condition(self, snippet: Any, path: KeyPath) -> Node:
        return self._compile(snippet, path, self._conditions)

    def _compile(self, snippet: Any, path: KeyPath, functions: Mapping[str, Function]) -> Node:
        if isinstance(snippet, dict):
            if len(snippet) == 1:
                name = next(iter(snippet))
                if name == "if" and self._version.conditions is not None and functions is self._values:
                    return self._if(snippet[name], (*path, name))
                function = functions.get(name)
                if function is not None:
                    inner = (*path, name)
                    return Call(name, function, self._compile(snippet[name], inner, functions), inner)
            nodes = {key: self._compile(item, (*path, key), functions) for key, item in snippet.items()}
            constant = all(type(node) is Const for node in nodes.values())
            return Const(snippet, path) if constant else MapNode(nodes, path)
        if isinstance(snippet, list):
            listed = [self._compile(item, (*path, index), functions) for index, item in enumerate(snippet)]
            constant = all(type(node) is Const for node in listed)
            return Const(snippet, path) if constant else ListNode(listed, path)
        return Const(snippet, path)

    def _if(self, args: Any, path: KeyPath) -> Node:
        nullable = self._version.nullable_if
        if not isinstance(args, list) or len(args) not in ((2, 3) if nullable else (3,)):
            return Call("if", _bad_if, Const(args, path), path)
        condition = self.condition(args[0], (*path, 0))
        yes = self.value(args[1], (*path, 1))
        return If(condition, yes, self.value(args[2], (*path, 2)) if len(args) == 3 else None, path)


def _bad_if(scope: Scope, args: Node) -> Any:  # noqa: ARG001
    raise Fault("needs a condition and a value for each outcome", "write it as: if: [condition, yes, no]")


def _not_in_conditions(name: str) -> Function:
    def call(scope: Scope, args: Node) -> Any:  # noqa: ARG001
        raise Fault(f"{name} cannot be used in a condition")

    call.refused = True  # type: ignore[attr-defined]
    return call

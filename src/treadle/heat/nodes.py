"""A template's snippets, compiled once for each content of the file and then evaluated in any stack.

A snippet without functions is a ``Const``: its data is shared by all who read it, so nobody may change it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from treadle.errors import TreadleError
from treadle.heat.faults import Fault
from treadle.heat.files import KeyPath

if TYPE_CHECKING:
    from treadle.heat.scope import Scope

Function = Callable[["Scope", "Node"], Any]

SLIPS = (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError)


class Omitted:
    """What an ``if`` without a third argument gives when its condition is false: the entry is left out."""


OMIT = Omitted()


class Node(ABC):
    """One snippet. ``value`` gives its data in a stack; ``nullable`` may also give OMIT."""

    __slots__ = ("path",)

    def __init__(self, path: KeyPath) -> None:
        self.path = path

    @abstractmethod
    def value(self, scope: Scope) -> Any: ...

    def nullable(self, scope: Scope) -> Any:
        return self.value(scope)

    def parts(self) -> Iterator[Node]:
        """The nodes directly inside."""
        return iter(())


class Const(Node):
    __slots__ = ("data",)

    def __init__(self, data: Any, path: KeyPath) -> None:
        super().__init__(path)
        self.data = data

    def value(self, scope: Scope) -> Any:  # noqa: ARG002
        return self.data


class MapNode(Node):
    __slots__ = ("items",)

    def __init__(self, items: Mapping[str, Node], path: KeyPath) -> None:
        super().__init__(path)
        self.items = items

    def value(self, scope: Scope) -> dict[str, Any]:
        found = {}
        for key, node in self.items.items():
            value = node.nullable(scope)
            if value is not OMIT:
                found[key] = value
        return found

    def parts(self) -> Iterator[Node]:
        return iter(self.items.values())


class ListNode(Node):
    __slots__ = ("items",)

    def __init__(self, items: list[Node], path: KeyPath) -> None:
        super().__init__(path)
        self.items = items

    def value(self, scope: Scope) -> list[Any]:
        return [value for node in self.items if (value := node.nullable(scope)) is not OMIT]

    def parts(self) -> Iterator[Node]:
        return iter(self.items)


class Call(Node):
    """An intrinsic function with its arguments not yet evaluated. ``path`` ends with the function's name."""

    __slots__ = ("args", "function", "name")

    def __init__(self, name: str, function: Function, args: Node, path: KeyPath) -> None:
        super().__init__(path)
        self.name = name
        self.function = function
        self.args = args

    def value(self, scope: Scope) -> Any:
        try:
            return self.function(scope, self.args)
        except Fault as fault:
            raise scope.error(fault.message, self.path + fault.path, fault.hint) from fault
        except TreadleError:
            raise
        except SLIPS as error:
            raise scope.error(f"{self.name}: {error}", self.path) from error

    def parts(self) -> Iterator[Node]:
        yield self.args


class If(Node):
    """``if`` alone decides which of its arguments is looked at."""

    __slots__ = ("condition", "no", "yes")

    def __init__(self, condition: Node, yes: Node, no: Node | None, path: KeyPath) -> None:
        super().__init__(path)
        self.condition = condition
        self.yes = yes
        self.no = no

    def taken(self, scope: Scope) -> Node | None:
        try:
            return self.yes if scope.truth(self.condition.value(scope)) else self.no
        except Fault as fault:
            raise scope.error(fault.message, (*self.path, 0), fault.hint) from fault

    def nullable(self, scope: Scope) -> Any:
        node = self.taken(scope)
        return OMIT if node is None else node.nullable(scope)

    def value(self, scope: Scope) -> Any:
        value = self.nullable(scope)
        return None if value is OMIT else value

    def parts(self) -> Iterator[Node]:
        yield self.condition
        yield self.yes
        if self.no is not None:
            yield self.no


def walk(node: Node) -> Iterator[Node]:
    """``node`` and every node inside it, in the order of the file."""
    yield node
    for part in node.parts():
        yield from walk(part)


def walk_taken(node: Node, scope: Scope) -> Iterator[Node]:
    """Like ``walk``, but of each ``if`` only the branch that this stack takes."""
    yield node
    if isinstance(node, If):
        taken = node.taken(scope)
        if taken is not None:
            yield from walk_taken(taken, scope)
        return
    for part in node.parts():
        yield from walk_taken(part, scope)

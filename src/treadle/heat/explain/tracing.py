"""From a value of an evaluated stack back to where it came from, node by node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from treadle.errors import Source
from treadle.heat import yamlload
from treadle.heat.explain import calls
from treadle.heat.explain.conditions import condition
from treadle.heat.explain.explanation import Explanation
from treadle.heat.explain.paths import at, leaves
from treadle.heat.files import KeyPath
from treadle.heat.nodes import OMIT, Call, Const, If, ListNode, MapNode, Node
from treadle.heat.stack import Stack
from treadle.secrets import SHORTEST

T = TypeVar("T")


class Tracer:
    """Explains the values of one evaluated stack and of those nested in it; keeps what it found out."""

    def __init__(self, root: Stack) -> None:
        self.files = root.engine.files
        self.environment = root.engine.environment
        self._hidden = {item for value in root.hidden.values() for item in _texts(value)}
        self._values: dict[tuple[int, int], tuple[Node, Any]] = {}
        self._traced: dict[tuple[int, int, KeyPath], tuple[Node, Explanation]] = {}
        self._made: dict[tuple[Any, ...], Any] = {}

    def trace(self, node: Node, stack: Stack, path: KeyPath) -> Explanation:
        """Where what stands at ``path`` in the value of ``node`` came from. A map or a list as a whole is
        followed to where it is put together, and no further."""
        key = (id(node), id(stack), path)
        if key not in self._traced:
            self._traced[key] = node, self._trace(node, stack, path)
        return self._traced[key][1]

    def _trace(self, node: Node, stack: Stack, path: KeyPath) -> Explanation:
        if isinstance(node, Call):
            return calls.trace(self, node, stack, path)
        if isinstance(node, If):
            return self._if(node, stack, path)
        if isinstance(node, MapNode) and path:
            return self.trace(node.items[str(path[0])], stack, path[1:])
        if isinstance(node, ListNode) and path:
            left = [item for item in node.items if self.value(item, stack) is not OMIT]
            return self.trace(left[int(path[0])], stack, path[1:])
        value = at(self.value(node, stack), path)
        what = "literal" if isinstance(node, Const) else "a map" if isinstance(node, MapNode) else "a list"
        return self.step(value, what, self.place(stack, (*node.path, *path)))

    def _if(self, node: If, stack: Stack, path: KeyPath) -> Explanation:
        decided = condition(self, node.condition, stack)
        taken = node.taken(stack)
        what = f"if {decided.what}: {'true' if decided.value else 'false'}"
        place = self.place(stack, node.path)
        if taken is None:
            return self.step(None, f"{what}, and there is no value for that", place, because=(decided,))
        child = self.trace(taken, stack, path)
        return self.step(child.value, what, place, (child,), because=(decided,))

    def value(self, node: Node, stack: Stack) -> Any:
        """The value of ``node``, OMIT where it is left out."""
        key = (id(node), id(stack))
        if key not in self._values:
            self._values[key] = node, node.nullable(stack)
        return self._values[key][1]

    def once(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """What ``make`` gives, made once for ``key``."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    def step(self, value: Any, what: str, place: Source | None, children: tuple[Explanation, ...] = (),
             because: tuple[Explanation, ...] = (), *, hidden: bool = False) -> Explanation:
        secret = hidden or any(child.secret for child in children) or (not children and self._holds_hidden(value))
        return Explanation(value, what, place, children, because, hidden, secret)

    def _holds_hidden(self, value: Any) -> bool:
        """Whether a value that is not followed further holds a hidden parameter's."""
        if not isinstance(value, dict | list):
            return isinstance(value, str) and len(value) >= SHORTEST and any(
                text in value for text in self._hidden if len(text) >= SHORTEST)
        return bool(self._hidden) and any(at(value, leaf) in self._hidden for leaf in leaves(value)
                                          if isinstance(at(value, leaf), str))

    def place(self, stack: Stack, path: KeyPath) -> Source:
        """The place of a key path in the stack's own template."""
        return self.place_in(stack.template.file, path)

    def place_in(self, file: str, path: KeyPath) -> Source:
        nodes = self.files.derived("nodes", file, lambda: yamlload.compose(self.files.text(file), file))
        return yamlload.place(nodes, file, path)


def _texts(value: Any) -> list[str]:
    return [text for leaf in leaves(value) if isinstance(text := at(value, leaf), str) and text]

"""Resources that depend on each other, found before anything is evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from treadle.heat.files import KeyPath
from treadle.heat.nodes import Call, Const, ListNode, Node, walk, walk_taken
from treadle.heat.template import Definition, Template

if TYPE_CHECKING:
    from treadle.heat.scope import Scope
    from treadle.heat.stack import Stack

_REFERENCES = ("get_attr", "get_resource", "Ref")


def check_cycles(stack: Stack) -> None:
    """TemplateError that names the resources of a cycle. A template whose references cannot form one, even if
    all branches of every ``if`` were taken, costs nothing more than a look-up."""
    template = stack.template
    if stack.engine.files.derived("cycle", template.file, lambda: _cycle(_all_edges(template))) is None:
        return
    found = _cycle(_taken_edges(stack))
    if found:
        raise stack.error(f"resources depend on each other: {' -> '.join(found)}", ("resources", found[0]),
                          "a resource may not need itself, not even through others")


def _all_edges(template: Template) -> dict[str, list[str]]:
    return {name: [target for target in _targets(definition, (walk(node) for node in _parts(definition)))
                   if target in template.resources]
            for name, definition in template.resources.items()}


def _taken_edges(stack: Stack) -> dict[str, list[str]]:
    enabled = {name for name, definition in stack.template.resources.items() if stack.enabled(definition)}
    edges = {}
    for name in stack.template.resources:
        if name in enabled:
            definition = stack.template.resources[name]
            walked = (walk_taken(node, stack) for node in _parts(definition))
            edges[name] = [target for target in _targets(definition, walked) if target in enabled]
    return edges


def _parts(definition: Definition) -> tuple[Node, ...]:
    return definition.properties, definition.metadata, definition.update_policy


def _targets(definition: Definition, walked: Iterable[Iterator[Node]]) -> Iterator[str]:
    yield from definition.depends_on
    for nodes in walked:
        yield from (name for name, _ in _referred(nodes))


def references(node: Node, scope: Scope) -> Iterator[tuple[str, KeyPath]]:
    """Resources that ``node`` refers to in this stack by a written-out name, and where it does."""
    return _referred(walk_taken(node, scope))


def _referred(nodes: Iterable[Node]) -> Iterator[tuple[str, KeyPath]]:
    for node in nodes:
        if isinstance(node, Call) and node.name in _REFERENCES:
            target = written_name(node.args)
            if isinstance(target, str):
                yield target, node.path


def written_name(args: Node) -> Any:
    """The first argument where it is written out, which names what a reference refers to; else None."""
    first: Any = args
    if isinstance(args, ListNode) and args.items:
        first = args.items[0]
    if not isinstance(first, Const):
        return None
    return first.data[0] if isinstance(first.data, list) and first.data else first.data


def _cycle(edges: Mapping[str, list[str]]) -> list[str] | None:
    """One cycle as names, the first repeated at the end; None when there is none."""
    done: set[str] = set()
    for start in edges:
        if start in done:
            continue
        trail = [start]
        pending = [iter(edges[start])]
        while pending:
            target = next(pending[-1], None)
            if target is None:
                done.add(trail.pop())
                pending.pop()
            elif target in trail:
                return [*trail[trail.index(target):], target]
            elif target not in done:
                trail.append(target)
                pending.append(iter(edges[target]))
    return None

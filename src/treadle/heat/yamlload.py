"""YAML text to plain data the way Heat's API sees it, with the faults of the text named by line and column.

Heat receives templates as JSON, so every mapping key becomes a string here, dates stay strings, and only
mappings, lists, strings, numbers, booleans and null exist. Tags for anything else and documents that refer to
themselves are errors. Of a key that stands twice in one mapping the last wins, as in Heat; each such key is
reported, and the caller decides whether it is an error.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Sequence
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from treadle.errors import Source, TemplateError
from treadle.heat.limits.budget import MAX_SIGNS, MAX_VALUES

_Fast: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PREFIX = "tag:yaml.org,2002:"
_MERGE = _PREFIX + "merge"
_STRING = _PREFIX + "str"
_MAX_DEPTH = 200
_MAX_DIGITS = 1000
#: Signs that open a collection inside another on the same line.
_COMPACT = re.compile(rf"(?:[-?:][ \t]+){{{_MAX_DEPTH}}}")
_BRACKETS = re.compile(r"[][{}]")


@functools.lru_cache(maxsize=65536)
def _plain_tag(value: str) -> str:
    """The tag of a scalar without quotes: the same words stand in every template."""
    tag: str = Resolver().resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    return tag


class _Loader(_Fast):  # type: ignore[misc]
    """PyYAML's loader in C, without its calls back into Python that only path resolvers need."""

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass

    def resolve(self, kind: Any, value: Any, implicit: tuple[bool, bool]) -> str:
        if kind is yaml.ScalarNode:
            return _plain_tag(value) if implicit[0] else _STRING
        return _PREFIX + ("map" if kind is yaml.MappingNode else "seq")


class _Scalars(SafeConstructor):
    """PyYAML's own reading of numbers and booleans, one node at a time."""

    def read(self, tag: str, node: yaml.ScalarNode) -> Any:
        if tag == "int":
            return self.construct_yaml_int(node)
        if tag == "float":
            return self.construct_yaml_float(node)
        return self.construct_yaml_bool(node)


class _Builder:
    """Turns one document's nodes into data; an aliased node becomes one shared object."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._scalars = _Scalars()
        self._done: dict[int, Any] = {}
        self._open: set[int] = set()
        self._left = MAX_VALUES
        self._sizes: dict[int, int] = {}
        self.doubled: list[TemplateError] = []

    def fault(self, node: yaml.Node, message: str, hint: str = "") -> TemplateError:
        mark = node.start_mark
        return TemplateError(message, source=Source(self._file, mark.line + 1, mark.column + 1), hint=hint)

    def build(self, node: yaml.Node, depth: int = 0) -> Any:
        tag: str = node.tag
        if tag == _STRING or tag == _PREFIX + "timestamp":
            return node.value
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        known = self._done.get(id(node))
        if known is not None:
            self._spend(self._sizes[id(node)], node)
            return known
        if id(node) in self._open or depth > _MAX_DEPTH:
            raise self.fault(node, "an alias refers to the node that holds it" if id(node) in self._open
                             else f"nested more than {_MAX_DEPTH} levels deep")
        self._open.add(id(node))
        before = self._left
        self._spend(len(node.value) + 1, node)
        value = self._mapping(node, depth) if isinstance(node, yaml.MappingNode) else self._list(node, depth)
        self._open.discard(id(node))
        self._done[id(node)] = value
        self._sizes[id(node)] = before - self._left
        return value

    def _spend(self, values: int, node: yaml.Node) -> None:
        self._left -= values
        if self._left < 0:
            raise self.fault(node, f"the file has more than {MAX_VALUES} values once its aliases are followed")

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        tag = node.tag.removeprefix(_PREFIX)
        if tag == "null":
            return None
        if tag in ("int", "float", "bool"):
            if len(node.value) > _MAX_DIGITS:
                raise self.fault(node, f"a number of more than {_MAX_DIGITS} digits", "quote it if a string is meant")
            try:
                value = self._scalars.read(tag, node)
            except (ValueError, KeyError) as error:
                raise self.fault(node, f"{node.value!r} is not a valid {tag}") from error
            if isinstance(value, float) and not math.isfinite(value):
                raise self.fault(node, f"{node.value} has no form in JSON", "quote it if a string is meant")
            return value
        if tag == "value":
            return node.value
        raise self.fault(node, f"the tag {node.tag} is not allowed", "only plain YAML data is read")

    def _list(self, node: yaml.Node, depth: int) -> list[Any]:
        if node.tag != _PREFIX + "seq":
            raise self.fault(node, f"the tag {node.tag} is not allowed", "only plain YAML data is read")
        return [self.build(item, depth + 1) for item in node.value]

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        if node.tag != _PREFIX + "map":
            raise self.fault(node, f"the tag {node.tag} is not allowed", "only plain YAML data is read")
        data: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                for part in reversed(self._merge_parts(value_node)):
                    merged.update(self.build(part, depth + 1))
                continue
            key = self._key(key_node)
            if key in data:
                self.doubled.append(self.fault(key_node, f"the key {key} stands twice in one mapping",
                                               "remove one of the two; YAML keeps only the last"))
            data[key] = self.build(value_node, depth + 1)
        if not merged:
            return data
        self._spend(len(merged), node)
        return {**merged, **data}

    def _merge_parts(self, node: yaml.Node) -> list[yaml.Node]:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for part in parts:
            if not isinstance(part, yaml.MappingNode):
                raise self.fault(part, "only mappings can be merged with <<")
        return list(parts)

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self.fault(node, "a mapping's key must be a plain value")
        if node.tag == _STRING:
            return str(node.value)
        key = self.build(node)
        return json.dumps(key) if key is None or isinstance(key, bool) else str(key)


def compose(text: str, file: str) -> yaml.Node | None:
    """The document's nodes with their marks; None for an empty text. TemplateError for what is not YAML."""
    loader = _Loader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
        return node
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        source = Source(file, mark.line + 1, mark.column + 1) if mark else Source(file)
        said = ", ".join(part for part in (error.problem, error.context) if part)
        raise TemplateError(f"not valid YAML: {said}", source=source) from error
    except yaml.YAMLError as error:
        raise TemplateError(f"not valid YAML: {error}", source=Source(file)) from error
    finally:
        loader.dispose()


def load(text: str, file: str) -> tuple[Any, list[TemplateError]]:
    """The one document in ``text``, and what to say about each key that stands twice; ``file`` is named in
    errors. An empty text gives None."""
    _refuse_excess(text, file)
    node = compose(text, file)
    if node is None:
        return None, []
    builder = _Builder(file)
    return builder.build(node), builder.doubled


def _refuse_excess(text: str, file: str) -> None:
    """What the parser cannot be stopped at: it recurses in C, and its time grows with the number of values."""
    if text.count("\n") + text.count(",") + text.count(": ") > MAX_SIGNS:
        raise TemplateError(f"the file has more than {MAX_SIGNS} lines and values", source=Source(file),
                            hint="divide it into several")
    compact = _COMPACT.search(text)
    at = compact.start() if compact else _too_many_brackets(text)
    if at is not None:
        raise TemplateError(f"nested more than {_MAX_DEPTH} levels deep",
                            source=Source(file, text.count("\n", 0, at) + 1))


def _too_many_brackets(text: str) -> int | None:
    """Where brackets nest too deep. Those in strings and scripts count too, hence ten times the depth."""
    limit = 10 * _MAX_DEPTH
    if text.count("[") + text.count("{") < limit:
        return None
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth = depth + 1 if found.group() in "[{" else max(depth - 1, 0)
        if depth > limit:
            return found.start()
    return None


def locate(text: str, file: str, path: Sequence[str | int]) -> Source:
    """The place of ``path`` in ``text``: of its last part that exists. A key's place is the key itself."""
    return place(compose(text, file), file, path)


def place(node: yaml.Node | None, file: str, path: Sequence[str | int]) -> Source:
    """``locate`` in what ``compose`` gave, for many places of one file."""
    if node is None:
        return Source(file)
    found: yaml.Node = node
    for part in path:
        step = _step(node, part)
        if step is None:
            break
        found, node = step
    return Source(file, found.start_mark.line + 1, found.start_mark.column + 1)


def _key_text(node: yaml.Node) -> str:
    try:
        return _Builder("")._key(node)
    except TemplateError:
        return ""


def _step(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):  # of a key that stands twice the last counts
            if key.value == part or (key.tag != _STRING and _key_text(key) == part):
                return key, value
        for key, value in node.value:
            if key.tag == _MERGE:
                for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    step = _step(merged, part)
                    if step is not None:
                        return step
    return None

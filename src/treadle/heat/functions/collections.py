"""map_merge, map_replace, list_concat, list_concat_unique, filter, repeat."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import Any

from treadle.heat.faults import Fault, brief, kind
from treadle.heat.functions.arguments import ANY, fields, items, produce, want_list, want_map
from treadle.heat.limits.budget import ELEMENT
from treadle.heat.nodes import Node
from treadle.heat.scope import Scope

#: About what an entry of a map and a copy of repeat's template cost, in characters.
_ENTRY, _COPY = 64, 256


def map_merge(scope: Scope, args: Node) -> dict[str, Any]:
    """Shallow; the last map that has a key wins; null counts as an empty map."""
    merged: dict[str, Any] = {}
    called = args.value(scope)
    # An empty string is a sequence without elements to Heat.
    for index, part in enumerate(want_list([] if called == "" else called, "what is merged")):
        if part is None:
            continue
        if not isinstance(part, Mapping):
            raise Fault(f"merges maps, not {kind(part)}: {brief(part)}", path=(index,))
        produce(scope, _ENTRY * len(part))
        merged.update(part)
    return merged


def map_replace(scope: Scope, args: Node) -> dict[str, Any]:
    """Replace keys and values of the map itself, not of what is inside."""
    shape = "map_replace: [{key: value}, {keys: {key: other}, values: {value: other}}]"
    called = args.value(scope)
    if not isinstance(called, list) or len(called) != 2:
        raise Fault("needs a map and what to replace in it", f"write it as: {shape}")
    source = want_map(called[0] if called[0] is not None else {}, "the first argument")
    change = want_map(called[1] if called[1] is not None else {}, "the second argument")
    for part in change:
        if part not in ("keys", "values"):
            raise Fault(f"does not know {part}", f"write it as: {shape}", (1, part))
    keys, values = (want_map({} if change.get(part) is None else change[part], part) for part in ("keys", "values"))
    replaced: dict[str, Any] = {}
    for key, value in source.items():
        new = keys.get(key)
        if new is None:
            new = key
        elif (new in source and new != key) or new in replaced:
            raise Fault(f"the new key {new} is already in the map", path=(1, "keys", key))
        name = str(new).lower() if isinstance(new, bool) else str(new)
        replaced[name] = value if isinstance(value, dict | list) else values.get(value, value)
    return replaced


def _lists(scope: Scope, args: Node) -> list[Any]:
    joined: list[Any] = []
    for index, part in enumerate(want_list(args.value(scope), "what is joined")):
        if part is None:
            continue
        if not isinstance(part, list | tuple):
            raise Fault(f"joins lists, not {kind(part)}: {brief(part)}", path=(index,))
        produce(scope, ELEMENT * len(part))
        joined.extend(part)
    return joined


def list_concat(scope: Scope, args: Node) -> list[Any]:
    """One list after the other; null counts as an empty list."""
    return _lists(scope, args)


def list_concat_unique(scope: Scope, args: Node) -> list[Any]:
    """The first of equal elements stays."""
    unique: list[Any] = []
    for item in _lists(scope, args):
        if item not in unique:
            unique.append(item)
    return unique


def filter_values(scope: Scope, args: Node) -> Any:
    """``filter``: a list without the given values."""
    parts = items(args, "filter: [[value, ...], [element, ...]]")
    if len(parts) != 2:
        raise Fault("needs the values to drop and a list", "write it as: filter: [[value], [element]]")
    sequence = parts[1].value(scope)
    if not sequence:
        return sequence
    kept = want_list(sequence, "what is filtered")
    dropped = parts[0].value(scope)
    if not dropped:
        return sequence
    unwanted = want_list(dropped, "what is dropped")
    return [item for item in kept if item not in unwanted]


def _repeated(template: Any, keys: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    if isinstance(template, str):
        for key, value in zip(keys, values, strict=True):
            if not isinstance(value, str):
                raise Fault(f"the values must be strings, not {kind(value)}: {brief(value)}", "quote them",
                            ("for_each", key))
            template = template.replace(key, value)
        return template
    if isinstance(template, list):
        return [_repeated(item, keys, values) for item in template]
    if isinstance(template, dict):
        return {_repeated(key, keys, values): _repeated(item, keys, values)
                for key, item in template.items()}
    return template


def _size(template: Any, longest: int) -> int:
    """At least what a copy of the template costs, in which values of these lengths are put in."""
    if isinstance(template, str):
        return _COPY + len(template) + longest
    if isinstance(template, dict):
        return _COPY + sum(2 * _COPY + _size(item, longest) for item in template.values())
    return _COPY + (sum(_size(item, longest) for item in template) if isinstance(template, list) else 0)


def _repeat(scope: Scope, args: Node, *, maps: bool, permutations: bool) -> list[Any]:
    shape = "repeat: {template: text with %word%, for_each: {%word%: [value, ...]}}"
    parts = fields(args, shape, ("template", "for_each"), ANY)
    nested = parts["permutations"].value(scope) if permutations and "permutations" in parts else True
    if not isinstance(nested, bool):
        raise Fault(f"permutations must be true or false, not {brief(nested)}", path=("permutations",))
    for_each = want_map(parts["for_each"].value(scope), "for_each")
    if not for_each:
        raise Fault("for_each names nothing", f"write it as: {shape}", ("for_each",))
    lists: list[list[Any]] = []
    for key, values in for_each.items():
        allowed: tuple[type, ...] = (list, dict) if maps and nested else (list,)
        if values is not None and not isinstance(values, allowed):
            raise Fault(f"must be a list{' or a map' if dict in allowed else ''}, not {kind(values)}",
                        path=("for_each", key))
        lists.append(list(values) if isinstance(values, list | dict) else [])
    given = {len(values) for values, raw in zip(lists, for_each.values(), strict=True) if raw is not None}
    if not nested and len(given) > 1:
        raise Fault("without permutations all lists must be equally long", path=("for_each",))
    template = parts["template"].value(scope)
    many = math.prod(map(len, lists)) if nested else max(map(len, lists), default=0)
    produce(scope, many * _size(template, sum(len(max(map(str, values), key=len, default="")) for values in lists)))
    rounds: Iterable[tuple[Any, ...]] = itertools.product(*lists) if nested else zip(*lists, strict=False)
    return [_repeated(template, tuple(for_each), values) for values in rounds]


def repeat_lists(scope: Scope, args: Node) -> list[Any]:
    """Before 2016-10-14: for_each takes lists only."""
    return _repeat(scope, args, maps=False, permutations=False)


def repeat_maps(scope: Scope, args: Node) -> list[Any]:
    """Of 2016-10-14: a map stands for its keys."""
    return _repeat(scope, args, maps=True, permutations=False)


def repeat(scope: Scope, args: Node) -> list[Any]:
    """Since 2017-09-01: ``permutations: false`` takes the lists side by side."""
    return _repeat(scope, args, maps=True, permutations=True)

"""Which part of a function's arguments a part of its result is a copy of: found by running it again on marked
copies of them. A mark is the identity of an object, so what comes out with it was not made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from treadle.errors import TreadleError
from treadle.heat.explain.paths import at, has, leaves
from treadle.heat.faults import Fault
from treadle.heat.files import KeyPath
from treadle.heat.nodes import SLIPS, Call, Const
from treadle.heat.stack import Stack

#: Functions that hand on parts of their arguments as they are.
COPYING = ("map_merge", "map_replace", "list_concat", "list_concat_unique", "filter", "repeat", "yaql", "Fn::Select")
_MOST_PROBES = 64
#: Values that stand in no template.
_PROBES: dict[type, Any] = {str: "\N{LATIN SMALL LETTER EZH}probe", int: 987654321987, float: 9876.54321}


class _Text(str):
    __slots__ = ()


class _Whole(int):
    """A marked number; also stands for a boolean, which cannot be marked and equals it."""


class _Real(float):
    __slots__ = ()


@dataclass(frozen=True)
class Copies:
    """A call's arguments, its result, and where the objects of a marked run came from."""

    call: Call
    stack: Stack
    given: Any
    value: Any
    marked: Any
    result: Any
    origins: dict[int, KeyPath]

    def origin(self, path: KeyPath) -> KeyPath | None:
        """The path in the arguments whose value stands at ``path`` of the result; None when it was computed, or
        cannot be told for certain."""
        found: KeyPath | None = None
        value = self.result
        for count in range(len(path) + 1):
            known = self.origins.get(id(value))
            if known is not None:
                found = (*known, *path[count:])
            if count < len(path):
                value = value[path[count]]
        if found is None:
            found = next(self._probed(path), None)
        if found is None or not has(self.given, found) or at(self.given, found) != at(self.value, path):
            return None
        return found

    def _probed(self, path: KeyPath) -> Iterator[KeyPath]:
        """What cannot be marked, such as null: each such value of the arguments is replaced in turn, to see whether
        the replacement comes out here."""
        wanted = at(self.value, path)
        if isinstance(wanted, dict | list):
            return
        alike = [leaf for leaf in leaves(self.given)
                 if type(at(self.given, leaf)) is type(wanted) and at(self.given, leaf) == wanted]
        for leaf in alike[:_MOST_PROBES]:
            probe = not wanted if isinstance(wanted, bool) else _PROBES.get(type(wanted), _PROBES[str])
            result = _run(self.call, self.stack, _with(self.given, leaf, probe))
            if has(result, path) and type(at(result, path)) is type(probe) and at(result, path) == probe:
                yield leaf


def copies(call: Call, stack: Stack, given: Any, value: Any) -> Copies:
    """``call`` run on marked copies of ``given``. Where marks change its result, booleans are left unmarked, then
    only values marked that keep their type; where they still do, nothing is known to be a copy."""
    for mark in (_as_all_kinds, _as_all_but_flags, _as_same_type)[2 if call.name == "yaql" else 0:]:
        origins: dict[int, KeyPath] = {}
        marked = _marked(given, (), origins, mark)
        result = _run(call, stack, marked)
        if result == value:
            return Copies(call, stack, given, value, marked, result, origins)
    return Copies(call, stack, given, value, None, value, {})


def _run(call: Call, stack: Stack, given: Any) -> Any:
    try:
        return call.function(stack, Const(given, call.args.path))
    except (Fault, TreadleError, *SLIPS):
        return _FAILED


_FAILED = object()


def _as_all_kinds(value: Any) -> Any:
    """A scalar as another object that equals it; the same one where there can be no other."""
    if isinstance(value, str):
        return _Text(value)
    if isinstance(value, int):
        return _Whole(value)
    return _Real(value) if isinstance(value, float) else value


def _as_all_but_flags(value: Any) -> Any:
    return value if isinstance(value, bool) else _as_all_kinds(value)


def _as_same_type(value: Any) -> Any:
    return "".join(list(value)) if type(value) is str and len(value) > 1 else value


def _marked(value: Any, path: KeyPath, origins: dict[int, KeyPath], mark: Callable[[Any], Any]) -> Any:
    made: Any
    if isinstance(value, dict):
        made = {key: _marked(item, (*path, key), origins, mark) for key, item in value.items()}
    elif isinstance(value, list):
        made = [_marked(item, (*path, index), origins, mark) for index, item in enumerate(value)]
    else:
        made = mark(value)
        if made is value:
            return value
    origins[id(made)] = path
    return made


def _with(value: Any, path: KeyPath, new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, dict):
        return {key: _with(item, path[1:], new) if key == path[0] else item for key, item in value.items()}
    return [_with(item, path[1:], new) if index == path[0] else item for index, item in enumerate(value)]
